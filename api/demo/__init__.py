"""The demonstration 演示: a book of loans as a city like Jining has it, recorded through the use cases that people use."""
