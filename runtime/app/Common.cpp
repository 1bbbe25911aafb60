#include "runtime/app/Verbs.h"

#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ashlar {

uint64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1000000000 + uint64_t(t.tv_nsec);
}

Failure writeAll(int file, const void *data, uint64_t bytes, const char *name) {
  auto *p = static_cast<const char *>(data);
  while (bytes) {
    ssize_t n = write(file, p, bytes);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return {ExitCode::InputOutput,
              std::string(name) + ": cannot be written: " + std::strerror(errno), ""};
    p += n;
    bytes -= uint64_t(n);
  }
  return {};
}

Failure promptIds(const Session &session, const AppOptions &options, std::vector<int32_t> &ids) {
  if (options.tokens && options.prompt)
    return {ExitCode::BadInput, "-p and --tokens both name the prompt", "name one of them"};
  if (options.tokens) {
    ids = *options.tokens;
  } else if (options.prompt && !session.tokenizer()) {
    return {ExitCode::BadInput, "this app has no tokenizer: its checkpoint had no tokenizer.json",
            "name the prompt with --tokens 1,2,3"};
  } else if (options.prompt) {
    ids.resize(session.model.context);
    auto count = session.tokenizer()->encode(*options.prompt, /*addSpecial=*/true, ids);
    if (!count)
      return {ExitCode::BadInput, "the prompt is too long to be read", "shorten it"};
    if (*count > ids.size())
      return {ExitCode::BadInput,
              "the prompt has " + std::to_string(*count) + " tokens, the context holds " +
                  std::to_string(ids.size()),
              "shorten the prompt, or build with a larger --context"};
    ids.resize(*count);
  }
  if (ids.empty())
    return {ExitCode::BadInput, "no prompt", "name one with -p TEXT or --tokens 1,2,3"};
  return {};
}

} // namespace ashlar
