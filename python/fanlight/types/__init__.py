"""Messages of chat models and agents, as code written for MLflow imports them."""
