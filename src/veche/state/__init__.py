"""The state floor: users, rooms, members and facts, as plain data. Only an apply changes them."""
