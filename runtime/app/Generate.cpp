#include "runtime/app/Answer.h"
#include "runtime/app/Interrupt.h"
#include "runtime/app/Verbs.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace ashlar {

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

namespace {
/// A prompt and what follows it.
struct Sequence {
  Answer answer;
  Sampler sampler;
  Generation generation = {};
};

/// Of what all sequences do together: how long it takes to load, and when prompts have been read.
struct Times {
  uint64_t loadNanos = 0, prompted = 0;
};
} // namespace

/// Of the prompt at `index`: the random numbers that it would get alone with that seed.
static SamplerOptions seeded(SamplerOptions options, uint32_t index) {
  options.seed += index;
  return options;
}

static void printStops(const ModelInfo &model, std::span<const Sequence> sequences) {
  bool interrupted = false;
  for (const Sequence &sequence : sequences) {
    interrupted |= sequence.generation.finish == Finish::Interrupted;
    if (sequence.generation.finish != Finish::Context)
      continue;
    if (sequences.size() > 1)
      std::fprintf(stderr, "prompt %zu ", size_t(&sequence - sequences.data()) + 1);
    std::fprintf(stderr, "stopped: the context is full (%llu tokens)\n",
                 (unsigned long long)model.context);
  }
  if (interrupted)
    std::fprintf(stderr, "stopped: interrupted\n");
}

/// Of all sequences together.
static void printStatistics(const ModelInfo &model, std::span<const Sequence> sequences,
                            const Times &times) {
  Generation all;
  for (const Sequence &sequence : sequences) {
    const Generation &g = sequence.generation;
    all.promptTokens += g.promptTokens;
    all.promptNanos += g.promptNanos;
    all.generated += g.generated;
    all.decoded += g.decoded;
    all.decodeNanos = std::max(all.decodeNanos, g.decodeNanos);
  }
  printStops(model, sequences);
  std::fprintf(stderr, "load     %8.1f ms\n", double(times.loadNanos) / 1e6);
  std::fprintf(stderr, "prompt   %8.1f ms  %5llu tokens  %9.1f tokens/s\n",
               double(all.promptNanos) / 1e6, (unsigned long long)all.promptTokens,
               perSecond(all.promptTokens, all.promptNanos));
  std::fprintf(stderr, "generate %8.1f ms  %5llu tokens  %9.1f tokens/s, predicted %.1f\n",
               double(all.decodeNanos) / 1e6, (unsigned long long)all.generated,
               perSecond(all.decoded, all.decodeNanos),
               perSecond(sequences.size(), model.predictedDecodeNanos));
}

/// Why no token follows those that there are; nothing where one does.
static std::optional<Finish> ending(uint64_t length, const ModelInfo &model,
                                    const AppOptions &options, const Sequence &sequence) {
  if (sequence.answer.stopped())
    return Finish::Stop;
  if (sequence.generation.generated == options.count)
    return Finish::Length;
  if (length == model.context)
    return Finish::Context;
  if (interruptSignal())
    return Finish::Interrupted;
  return std::nullopt;
}

/// The token that follows in a sequence, of the logits in `row`; or why there is none, or none
/// after it.
static Failure takeToken(Session &session, const AppOptions &options, uint32_t index, uint32_t row,
                         Sequence &sequence) {
  std::span<const int32_t> ends = session.model.endTokens;
  Generation &g = sequence.generation;
  g.last =
      sequence.sampler.next(session.logits(row), session.sequence(index), session.samplerScratch());
  if (g.last == Sampler::Failed)
    return notNumbers();
  if (!options.ignoreEnd && std::find(ends.begin(), ends.end(), g.last) != ends.end()) {
    g.finish = Finish::EndToken;
    return {};
  }
  if (Failure f = sequence.answer.add(g.last))
    return f;
  ++g.generated;
  g.finish = ending(session.length(index), session.model, options, sequence);
  return {};
}

/// Reads the prompts one after another, each with the first token of its answer: the next one's
/// logits take the place of its.
static Failure readPrompts(Session &session, const AppOptions &options,
                           std::span<const std::vector<int32_t>> prompts,
                           std::span<Sequence> sequences, Times &times) {
  for (uint32_t i = 0; i < sequences.size(); ++i) {
    Generation &g = sequences[i].generation;
    uint64_t start = now(), load = uint64_t(session.loadNanos());
    if (i > 0 && interruptSignal()) {
      g.finish = Finish::Interrupted;
      continue;
    }
    if (Failure f = session.append(prompts[i], i))
      return f;
    times.prompted = now();
    // Weights arrive with the first one.
    load = uint64_t(session.loadNanos()) - load;
    times.loadNanos += load;
    g.promptNanos = times.prompted - start - load;
    g.promptTokens = session.length(i);
    if (g.promptTokens < prompts[i].size())
      g.finish = Finish::Interrupted;
    else if (options.count == 0)
      g.finish = Finish::Length;
    else if (Failure f = takeToken(session, options, i, 0, sequences[i]))
      return f;
  }
  return {};
}

/// A token of each sequence at a time, until there is a reason for each of them to end. Allocates
/// nothing: `next` has room for all.
static Failure decode(Session &session, const AppOptions &options, std::span<Sequence> sequences,
                      std::vector<Session::Next> &next, const Times &times) {
  for (;;) {
    next.clear();
    for (uint32_t i = 0; i < sequences.size(); ++i)
      if (!sequences[i].generation.finish)
        next.push_back({i, sequences[i].generation.last});
    if (next.empty())
      return {};
    if (Failure f = session.advance(next))
      return f;
    for (uint32_t row = 0; row < next.size(); ++row) {
      uint32_t i = next[row].sequence;
      Generation &g = sequences[i].generation;
      if (Failure f = takeToken(session, options, i, row, sequences[i]))
        return f;
      g.decoded = session.length(i) - g.promptTokens;
      g.decodeNanos = now() - times.prompted;
    }
  }
}

/// Several texts stand below their prompts' numbers, several objects are an array.
static Failure writeAnswers(std::span<Sequence> sequences) {
  if (sequences.front().answer.streams())
    return sequences.front().answer.finish();
  OutputForm form = sequences.front().answer.outputForm();
  bool array = form == OutputForm::Json && sequences.size() > 1;
  JsonOutput out;
  for (Sequence &sequence : sequences) {
    bool first = &sequence == sequences.data();
    if (form == OutputForm::Text) {
      out.raw(first ? "==> prompt " : "\n==> prompt ");
      out.number(uint64_t(&sequence - sequences.data() + 1));
      out.raw(" <==\n");
    } else if (array) {
      out.raw(first ? "[" : ",\n ");
    }
    sequence.answer.write(out, sequence.generation);
  }
  if (form == OutputForm::Json)
    out.raw(array ? "]\n" : "\n");
  return out.finish();
}

Failure generate(const ModelInfo &model, const AppOptions &options) {
  if (Failure f = checkPrompts(model, options))
    return f;
  if (Failure f = checkStops(model, options))
    return f;
  uint64_t start = now();
  Session session(model);
  if (Failure f = session.open(options.weights, options.torchModule))
    return f;
  std::vector<std::vector<int32_t>> prompts;
  if (Failure f = promptIds(session, options, prompts))
    return f;
  std::vector<Sequence> sequences;
  for (uint32_t i = 0; i < prompts.size(); ++i)
    sequences.push_back({Answer(session, options, i), Sampler(seeded(options.sampling, i))});
  std::vector<Session::Next> next;
  next.reserve(sequences.size());

  session.loaded = noteInterrupts; // until then, signals end at once
  session.interrupted = [] { return interruptSignal() != 0; };
  Times times;
  times.loadNanos = now() - start;
  if (Failure f = readPrompts(session, options, prompts, sequences, times))
    return f;
  if (Failure f = decode(session, options, sequences, next, times))
    return f;
  if (Failure f = writeAnswers(sequences))
    return f;
  printStatistics(model, sequences, times);
  bool interrupted = std::any_of(sequences.begin(), sequences.end(), [](const Sequence &s) {
    return s.generation.finish == Finish::Interrupted;
  });
  if (!interrupted)
    return {};
  return {interruptSignal() == SIGTERM ? ExitCode::Terminated : ExitCode::Interrupted, "", ""};
}

} // namespace ashlar
