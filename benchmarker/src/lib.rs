//! A threaded load generator that fetches pages as a browser would.
