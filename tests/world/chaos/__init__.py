"""Parts of chaos_test.py: what hurts the backends, who asks meanwhile, and who judges the answers."""
