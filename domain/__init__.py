"""The scheme's words and rules: pure, without database, web, clock or chance."""
