vcl 4.1;

# Everything is kept for a day; nothing else is changed.
backend default {
    .host = "HOST";
    .port = "PORT";
}

sub vcl_backend_response {
    set beresp.ttl = 1d;
}
