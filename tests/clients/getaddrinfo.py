"""A C program that prints the addresses of a name, for the C libraries to be compiled with."""

SOURCE = """\
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
// Prints the addresses of a name, of both families; or the error.
int main(int count, char **words) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *all;
  int error = getaddrinfo(words[1], NULL, &hints, &all);
  if (error) { puts(error == EAI_NONAME ? "NONAME" : error == EAI_AGAIN ? "AGAIN" : gai_strerror(error)); return 1; }
  for (; all; all = all->ai_next) {
    char text[64];
    getnameinfo(all->ai_addr, all->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST);
    puts(text);
  }
}
"""
