"""Parts of tests/soak/soak: the node and its servers, who asks, what goes wrong meanwhile, who watches, who judges."""
