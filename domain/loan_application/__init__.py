"""The application 申请: submitted, accepted, reviewed by three institutions in parallel, decided."""
