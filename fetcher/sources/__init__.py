"""One file per platform's client library, and the transport that both of them send through."""
