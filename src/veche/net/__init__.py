"""The net floor: sockets. It moves bytes between connections and the engine and knows no command."""
