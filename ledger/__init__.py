"""The only writer: the event-sourced application, the append, the use cases, the keystore, imports."""
