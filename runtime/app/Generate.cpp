#include "runtime/app/Verbs.h"
#include "runtime/text/Sampler.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ashlar {

namespace {
/// Where generated tokens go: as text in whole characters, or as ids. Allocates nothing.
class Sink {
public:
  Sink(const Session &session, OutputForm form) {
    if (form == OutputForm::Text && session.tokenizer())
      stream.emplace(*session.tokenizer());
  }
  Failure add(int32_t id) {
    if (stream) {
      std::string_view piece = stream->feed(id);
      return put(STDOUT_FILENO, piece.data(), piece.size(), "standard output");
    }
    char text[16];
    int length = std::snprintf(text, sizeof(text), first ? "%d" : ",%d", id);
    first = false;
    return put(STDOUT_FILENO, text, uint64_t(length), "standard output");
  }
  Failure finish() {
    if (stream) {
      std::string_view rest = stream->finish();
      if (Failure f = put(STDOUT_FILENO, rest.data(), rest.size(), "standard output"))
        return f;
    }
    return put(STDOUT_FILENO, "\n", 1, "standard output");
  }

private:
  std::optional<TextStream> stream;
  bool first = true;
};

struct Times {
  uint64_t start = 0, loaded = 0, prompted = 0, done = 0;
  uint64_t promptTokens = 0, generated = 0;
};
} // namespace

static double perSecond(uint64_t count, uint64_t nanos) {
  return nanos ? double(count) * 1e9 / double(nanos) : 0;
}

static void printStatistics(const ModelInfo &model, const Times &t) {
  std::fprintf(stderr, "load     %8.1f ms\n", double(t.loaded - t.start) / 1e6);
  std::fprintf(stderr, "prompt   %8.1f ms  %5llu tokens  %9.1f tokens/s\n",
               double(t.prompted - t.loaded) / 1e6, (unsigned long long)t.promptTokens,
               perSecond(t.promptTokens, t.prompted - t.loaded));
  // The first token comes with the prompt; each further one takes a decode step.
  uint64_t steps = t.generated ? t.generated - 1 : 0;
  std::fprintf(stderr, "generate %8.1f ms  %5llu tokens  %9.1f tokens/s, predicted %.1f\n",
               double(t.done - t.prompted) / 1e6, (unsigned long long)t.generated,
               perSecond(steps, t.done - t.prompted), perSecond(1, model.predictedDecodeNanos));
}

Failure generate(const ModelInfo &model, const AppOptions &options) {
  if (Failure f = checkPrompt(model, options))
    return f;
  Times times;
  times.start = now();
  Session session(model);
  if (Failure f = session.open(options.weights))
    return f;
  std::vector<int32_t> ids;
  if (Failure f = promptIds(session, options, ids))
    return f;
  Sampler sampler(options.sampling);
  Sink sink(session, options.form);

  times.loaded = now();
  if (Failure f = session.append(ids))
    return f;
  times.prompted = now();
  times.promptTokens = ids.size();
  const char *stopped = nullptr;
  // From here on nothing allocates.
  while (times.generated < options.count) {
    int32_t id = sampler.next(session.logits(), session.samplerScratch());
    if (id == Sampler::Failed)
      return {ExitCode::BadInput, "the logits are not numbers: the weights are damaged",
              "compare them with app check, and build anew"};
    bool end =
        std::find(model.endTokens.begin(), model.endTokens.end(), id) != model.endTokens.end();
    if (end && !options.ignoreEnd)
      break;
    if (Failure f = sink.add(id))
      return f;
    ++times.generated;
    if (times.generated == options.count)
      break;
    if (session.length() == model.context) {
      stopped = "the context is full";
      break;
    }
    if (Failure f = session.append(std::span(&id, 1)))
      return f;
  }
  times.done = now();
  if (Failure f = sink.finish())
    return f;
  if (stopped)
    std::fprintf(stderr, "stopped: %s (%llu tokens)\n", stopped, (unsigned long long)model.context);
  printStatistics(model, times);
  return {};
}

} // namespace ashlar
