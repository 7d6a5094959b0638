# What ./test is made of: counting, running programs, the sections.
