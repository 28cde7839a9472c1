//! Vertex AI: Gemini, Claude and open models.
