"""Cloud Storage, by google-cloud-storage: one bucket in which everything is created once."""
