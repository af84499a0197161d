//! A tower layer that pushes what an axum site produced into memcached, so that nginx answers the next request alone.
