#include "runtime/app/Answer.h"
#include "runtime/app/Interrupt.h"
#include "runtime/app/Verbs.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace ashlar {

static bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    CodePoint c = firstCodePoint(text);
    if (c.kind != CodePoint::Valid)
      return false;
    text.remove_prefix(c.bytes);
  }
  return true;
}

static Failure checkStops(const ModelInfo &model, const AppOptions &options) {
  if (options.stops.empty())
    return {};
  if (model.textBytes == 0)
    return {ExitCode::BadInput, "--stop: this app has no tokenizer, so no text appears",
            "name the number of tokens with -n"};
  uint64_t bytes = 0;
  for (const std::string &stop : options.stops) {
    if (stop.empty())
      return {ExitCode::BadInput, "--stop: the text is empty", "name some text to end before"};
    if (!isUtf8(stop))
      return {ExitCode::BadInput, "--stop: the text is no UTF-8, so it never appears",
              "write it in UTF-8"};
    bytes += stop.size();
  }
  if (bytes > StopTexts::MaxBytes)
    return {ExitCode::BadInput,
            "--stop: the texts have " + std::to_string(bytes) + " bytes together, they may have " +
                std::to_string(StopTexts::MaxBytes),
            "name fewer of them, or their beginnings"};
  return {};
}

static void printStatistics(const ModelInfo &model, const Generation &g) {
  if (g.finish == Finish::Context)
    std::fprintf(stderr, "stopped: the context is full (%llu tokens)\n",
                 (unsigned long long)model.context);
  if (g.finish == Finish::Interrupted)
    std::fprintf(stderr, "stopped: interrupted\n");
  std::fprintf(stderr, "load     %8.1f ms\n", double(g.loaded - g.start) / 1e6);
  std::fprintf(stderr, "prompt   %8.1f ms  %5llu tokens  %9.1f tokens/s\n",
               double(g.promptNanos()) / 1e6, (unsigned long long)g.promptTokens,
               perSecond(g.promptTokens, g.promptNanos()));
  std::fprintf(stderr, "generate %8.1f ms  %5llu tokens  %9.1f tokens/s, predicted %.1f\n",
               double(g.decodeNanos()) / 1e6, (unsigned long long)g.generated,
               perSecond(g.decoded, g.decodeNanos()), perSecond(1, model.predictedDecodeNanos));
}

/// Why no token follows those that there are; nothing where one does.
static std::optional<Finish> ending(const Session &session, const AppOptions &options,
                                    const Answer &answer, const Generation &g) {
  if (answer.stopped())
    return Finish::Stop;
  if (g.generated == options.count)
    return Finish::Length;
  if (session.length() == session.model.context)
    return Finish::Context;
  if (interruptSignal())
    return Finish::Interrupted;
  return std::nullopt;
}

/// Tokens until there is a reason to end, which is left in `g`. Allocates nothing.
static Failure decode(Session &session, const AppOptions &options, Answer &answer, Generation &g) {
  std::span<const int32_t> ends = session.model.endTokens;
  Sampler sampler(options.sampling);
  while (g.generated < options.count) {
    g.last = sampler.next(session.logits(), session.sequence(), session.samplerScratch());
    if (g.last == Sampler::Failed)
      return {ExitCode::BadInput, "the logits are not numbers: the weights are damaged",
              "compare them with app check, and build anew"};
    if (!options.ignoreEnd && std::find(ends.begin(), ends.end(), g.last) != ends.end()) {
      g.finish = Finish::EndToken;
      break;
    }
    if (Failure f = answer.add(g.last))
      return f;
    ++g.generated;
    if (std::optional<Finish> ended = ending(session, options, answer, g)) {
      g.finish = *ended;
      break;
    }
    if (Failure f = session.append(std::span(&g.last, 1)))
      return f;
  }
  return {};
}

Failure generate(const ModelInfo &model, const AppOptions &options) {
  if (Failure f = checkPrompt(model, options))
    return f;
  if (Failure f = checkStops(model, options))
    return f;
  Generation g;
  g.start = now();
  Session session(model);
  if (Failure f = session.open(options.weights, options.torchModule))
    return f;
  std::vector<int32_t> ids;
  if (Failure f = promptIds(session, options, ids))
    return f;
  Answer answer(session, options);

  noteInterrupts();
  session.interrupted = [] { return interruptSignal() != 0; };
  g.loaded = now();
  if (Failure f = session.append(ids))
    return f;
  g.prompted = now();
  g.promptTokens = session.length();
  if (g.promptTokens < ids.size())
    g.finish = Finish::Interrupted;
  else if (Failure f = decode(session, options, answer, g))
    return f;
  g.done = now();
  g.decoded = session.length() - g.promptTokens;
  if (Failure f = answer.finish(g))
    return f;
  printStatistics(model, g);
  if (g.finish != Finish::Interrupted)
    return {};
  return {interruptSignal() == SIGTERM ? ExitCode::Terminated : ExitCode::Interrupted, "", ""};
}

} // namespace ashlar
