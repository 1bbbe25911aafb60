#include "runtime/FileBytes.h"
#include "runtime/app/Json.h"
#include "runtime/app/Verbs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

namespace ashlar {

static constexpr uint64_t MaxText = uint64_t(64) << 20;

namespace {
/// What a window's tokens cost, each under the model's distribution behind those before it.
struct Window {
  std::span<const int32_t> ids;
  uint64_t vocabulary;
  double nats = 0;
};
} // namespace

static void count(void *context, uint64_t position, const float *logits) {
  auto &window = *static_cast<Window *>(context);
  if (position + 1 >= window.ids.size())
    return;
  double most = *std::max_element(logits, logits + window.vocabulary), sum = 0;
  for (uint64_t id = 0; id < window.vocabulary; ++id)
    sum += std::exp(logits[id] - most);
  window.nats += most + std::log(sum) - logits[window.ids[position + 1]];
}

/// The whole of a file; "-" is standard input.
static Failure readText(const std::string &path, std::string &text) {
  bool standard = path == "-";
  std::string name = standard ? "standard input" : path;
  auto failed = [&](const char *why) {
    return Failure{ExitCode::InputOutput, name + ": cannot be read: " + why, ""};
  };
  int file = standard ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return failed(std::strerror(errno));
  Failure result;
  int64_t got = 1;
  for (constexpr size_t Part = 1 << 16; got > 0 && text.size() <= MaxText;) {
    size_t size = text.size();
    text.resize(size + Part);
    got = readSome(file, text.data() + size, Part);
    text.resize(size + size_t(std::max<int64_t>(got, 0)));
  }
  if (got < 0)
    result = failed(std::strerror(errno));
  else if (text.size() > MaxText)
    result = {ExitCode::BadInput, name + ": is longer than 64 MiB", "take a part of the text"};
  if (!standard)
    close(file);
  return result;
}

/// The ids of a text of any length, or of --tokens.
static Failure textIds(const Session &session, const AppOptions &options,
                       std::vector<int32_t> &ids) {
  if (!options.tokens.empty()) {
    ids = options.tokens.front();
    return {};
  }
  std::string text;
  if (!options.prompts.empty())
    text = options.prompts.front();
  else if (Failure f = readText(options.input, text))
    return f;
  if (!session.tokenizer())
    return noTokenizer("name the tokens with --tokens 1,2,3");
  // No text that is read here comes near the size that encode refuses.
  auto encode = [&] { return session.tokenizer()->encode(text, /*addSpecial=*/true, ids); };
  ids.resize(encode().value_or(0));
  encode();
  return {};
}

/// How many tokens from the first on are judged together: up to the end of a text, for the next one
/// has nothing to do with it, and as many as the context holds.
static uint64_t windowOf(const ModelInfo &model, std::span<const int32_t> ids) {
  ids = ids.first(std::min<uint64_t>(ids.size(), model.context)); // no look at all of a long text
  auto end =
      std::find_first_of(ids.begin(), ids.end(), model.endTokens.begin(), model.endTokens.end());
  return uint64_t(end - ids.begin()) + (end != ids.end());
}

static Failure print(double nats, uint64_t tokens, uint64_t windows, bool json) {
  double perplexity = std::exp(nats);
  JsonOutput out;
  out.raw(json ? "{\"perplexity\": " : "perplexity ");
  if (std::isfinite(perplexity))
    out.number(perplexity);
  else
    out.raw(json ? "null" : "inf");
  out.raw(json ? ", \"nats\": " : ": ");
  out.number(nats);
  out.raw(json ? ", \"tokens\": " : " nats a token, over ");
  out.number(tokens);
  out.raw(json ? ", \"windows\": " : tokens == 1 ? " token in " : " tokens in ");
  out.number(windows);
  out.raw(json ? "}\n" : windows == 1 ? " window\n" : " windows\n");
  return out.finish();
}

Failure perplexity(const ModelInfo &model, const AppOptions &options) {
  size_t sources = !options.input.empty() + options.sequences();
  if (sources != 1)
    return {ExitCode::BadInput, sources ? "several texts" : "no text",
            "name one with --input FILE, -p TEXT or --tokens 1,2,3"};
  for (const std::vector<int32_t> &tokens : options.tokens)
    if (Failure f = checkIds(model, tokens))
      return f;
  Session session(model);
  if (Failure f = session.open(options.weights, options.torchModule))
    return f;
  std::vector<int32_t> ids;
  if (Failure f = textIds(session, options, ids))
    return f;

  double nats = 0;
  uint64_t judged = 0, windows = 0;
  for (std::span<const int32_t> rest = ids; !rest.empty();) {
    Window window{rest.first(windowOf(model, rest)), model.vocabulary};
    rest = rest.subspan(window.ids.size());
    if (window.ids.size() < 2)
      continue;
    session.restart();
    if (Failure f = session.append(window.ids, 0, count, &window))
      return f;
    if (!std::isfinite(window.nats))
      return notNumbers();
    nats += window.nats;
    judged += window.ids.size() - 1;
    ++windows;
  }
  if (judged == 0)
    return {ExitCode::BadInput, "a text of " + std::to_string(ids.size()) + " tokens says nothing",
            "each token is judged behind those before it: take a longer text"};
  return print(nats / double(judged), judged, windows, options.json);
}

} // namespace ashlar
