"""What training publishes: the manifest, the store of versions and the loader."""
