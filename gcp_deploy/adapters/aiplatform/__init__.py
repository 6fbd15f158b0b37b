"""AI Platform as it lives today: ``aiplatform`` v1 (sold as Vertex AI)."""
