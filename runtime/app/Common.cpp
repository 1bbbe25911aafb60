#include "runtime/app/Verbs.h"

#include "runtime/FileBytes.h"

#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ashlar {

static constexpr const char *NoTokenizer =
    "this app has no tokenizer: its checkpoint had no tokenizer.json, or "
    "--no-tokenizer left it out";

/// What the prompt at `index` is called: it needs a number where there are others.
static std::string nameOf(size_t index, size_t count) {
  return count == 1 ? "the prompt" : "prompt " + std::to_string(index + 1);
}

static Failure tooLong(const std::string &prompt, uint64_t tokens, uint64_t context) {
  return {ExitCode::BadInput,
          prompt + " has " + std::to_string(tokens) + " tokens, the context holds " +
              std::to_string(context),
          "shorten the prompt, or build with a larger --context"};
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

Failure checkOutput(const Session &session, const AppOptions &options) {
  if (options.output.empty() || !session.readsFrom(options.output))
    return {};
  return {ExitCode::BadInput,
          options.output + ": holds the weights, which are read while this is written",
          "name another file with -o"};
}

Failure checkPrompts(const ModelInfo &model, const AppOptions &options) {
  size_t count = options.sequences();
  if (!options.tokens.empty() && !options.prompts.empty())
    return {ExitCode::BadInput, "-p and --tokens both name the prompt", "name one of them"};
  if (count == 0)
    return {ExitCode::BadInput, "no prompt", "name one with -p TEXT or --tokens 1,2,3"};
  if (count > model.batch)
    return {ExitCode::BadInput,
            std::to_string(count) + " prompts, the app runs " + std::to_string(model.batch) +
                " at a time",
            "name fewer, or build with --batch " + std::to_string(count)};
  for (const std::vector<int32_t> &ids : options.tokens) {
    if (ids.size() > model.context)
      return tooLong(nameOf(size_t(&ids - options.tokens.data()), count), ids.size(),
                     model.context);
    if (Failure f = checkIds(model, ids))
      return f;
  }
  return {};
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

Failure notNumbers() {
  return {ExitCode::BadInput, "the logits are not numbers: the weights are damaged",
          "compare them with app verify, and build anew"};
}

Failure promptIds(const Session &session, const AppOptions &options,
                  std::vector<std::vector<int32_t>> &prompts) {
  prompts = options.tokens;
  if (!options.prompts.empty() && !session.tokenizer())
    return noTokenizer("name the prompt with --tokens 1,2,3");
  for (const std::string &text : options.prompts) {
    std::string name = nameOf(prompts.size(), options.sequences());
    std::vector<int32_t> &ids = prompts.emplace_back(session.model.context);
    // No argument of a program comes near the size that encode refuses.
    uint64_t count =
        session.tokenizer()->encode(text, /*addSpecial=*/true, ids).value_or(UINT64_MAX);
    if (count > ids.size())
      return tooLong(name, count, ids.size());
    if (count == 0)
      return {ExitCode::BadInput, name + " is empty", "name some text with -p TEXT"};
    ids.resize(count);
  }
  return {};
}

} // namespace ashlar
