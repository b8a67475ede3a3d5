// A service that registers itself: muster-client-example SERVICE PORT. A real one answers requests where this
// one waits.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "tools/client/muster_registration.h"

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: %s SERVICE PORT\n", argv[0]), 2;
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stops, nullptr);  // before the first thread: all inherit it

  muster_client::Options options;
  options.service = argv[1];
  options.port = std::atoi(argv[2]);
  options.log = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  muster_client::Registration registration(options);
  int signal = 0;
  sigwait(&stops, &signal);
  registration.stop();
  return 0;
}
