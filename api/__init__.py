"""Every way in: the command line, the worker, the benchmarks; settings and wiring. Only this package reads the environment."""
