#include "runtime/app/Verbs.h"

#include "runtime/FileBytes.h"

#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ashlar {

static constexpr const char *NoTokenizer =
    "this app has no tokenizer: its checkpoint had no tokenizer.json";
static constexpr const char *Shorten = "shorten the prompt, or build with a larger --context";

static std::string tooLong(uint64_t tokens, uint64_t context) {
  return "the prompt has " + std::to_string(tokens) + " tokens, the context holds " +
         std::to_string(context);
}

uint64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1000000000 + uint64_t(t.tv_nsec);
}

Failure put(int file, const void *data, uint64_t bytes, const char *name) {
  if (writeAll(file, data, bytes))
    return {};
  return {ExitCode::InputOutput, std::string(name) + ": cannot be written: " + std::strerror(errno),
          ""};
}

Failure checkPrompt(const ModelInfo &model, const AppOptions &options) {
  if (options.tokens && options.prompt)
    return {ExitCode::BadInput, "-p and --tokens both name the prompt", "name one of them"};
  if (!options.tokens && !options.prompt)
    return {ExitCode::BadInput, "no prompt", "name one with -p TEXT or --tokens 1,2,3"};
  if (!options.tokens)
    return {};
  if (options.tokens->size() > model.context)
    return {ExitCode::BadInput, tooLong(options.tokens->size(), model.context), Shorten};
  return checkIds(model, *options.tokens);
}

Failure checkIds(const ModelInfo &model, std::span<const int32_t> ids) {
  for (int32_t id : ids)
    if (uint64_t(id) >= model.vocabulary)
      return {ExitCode::BadInput,
              "token " + std::to_string(id) + " is outside of the vocabulary of " +
                  std::to_string(model.vocabulary),
              "ids go from 0 to " + std::to_string(model.vocabulary - 1)};
  return {};
}

Failure noTokenizer(const char *wayOut) { return {ExitCode::BadInput, NoTokenizer, wayOut}; }

Failure promptIds(const Session &session, const AppOptions &options, std::vector<int32_t> &ids) {
  if (options.tokens) {
    ids = *options.tokens;
  } else if (options.prompt && !session.tokenizer()) {
    return noTokenizer("name the prompt with --tokens 1,2,3");
  } else if (options.prompt) {
    ids.resize(session.model.context);
    // No argument of a program comes near the size that encode refuses.
    uint64_t count =
        session.tokenizer()->encode(*options.prompt, /*addSpecial=*/true, ids).value_or(UINT64_MAX);
    if (count > ids.size())
      return {ExitCode::BadInput, tooLong(count, ids.size()), Shorten};
    ids.resize(count);
  }
  if (ids.empty())
    return {ExitCode::BadInput, "the prompt is empty", "name some text with -p TEXT"};
  return {};
}

} // namespace ashlar
