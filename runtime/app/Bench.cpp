#include "runtime/app/Answer.h"
#include "runtime/app/Verbs.h"

#include <algorithm>
#include <cstdio>

namespace ashlar {

static constexpr int PrefillRounds = 7;
static constexpr uint64_t DecodeSteps = 64;

namespace {
struct Row {
  const char *phase;
  uint64_t tokens; // of a step
  uint64_t predicted, measured;
};
} // namespace

static uint64_t median(std::vector<uint64_t> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Full chunks of a prompt, each from the start of the sequence. Any tokens do.
static Failure benchPrefill(Session &session, std::vector<int32_t> &ids, uint64_t &nanos) {
  std::vector<uint64_t> times;
  for (int round = 0; round < PrefillRounds; ++round) {
    session.restart();
    uint64_t start = now();
    if (Failure f = session.append(ids))
      return f;
    times.push_back(now() - start);
  }
  nanos = median(times);
  return {};
}

/// A token of each sequence behind as much of a prompt as leaves room for them.
static Failure benchDecode(Session &session, std::span<const int32_t> prompt, uint64_t &nanos) {
  std::vector<uint64_t> times;
  std::vector<Session::Next> next;
  uint64_t context = session.model.context;
  for (uint32_t i = 0; i < session.model.batch; ++i) {
    session.restart(i);
    if (Failure f =
            session.append(prompt.first(std::min<size_t>(prompt.size(), context - context / 4)), i))
      return f;
    next.push_back({i, 1 % int32_t(session.model.vocabulary)});
  }
  while (times.size() < DecodeSteps && session.length() < context) {
    uint64_t start = now();
    if (Failure f = session.advance(next))
      return f;
    times.push_back(now() - start);
  }
  nanos = times.empty() ? 0 : median(times);
  return {};
}

/// Full chunks of rows. Their numbers do not matter, but those of a fresh arena are all zero.
static Failure benchForward(Session &session, uint64_t &nanos) {
  std::span<float> input = session.input();
  for (size_t i = 0; i < input.size(); ++i)
    input[i] = float(i % 13) / 13 - 0.5f;
  std::vector<uint64_t> times;
  for (int round = 0; round < PrefillRounds; ++round) {
    uint64_t start = now();
    if (Failure f = session.forward(session.model.chunk))
      return f;
    times.push_back(now() - start);
  }
  nanos = median(times);
  return {};
}

static void print(const ModelInfo &model, const std::vector<Row> &rows, uint64_t loadNanos,
                  bool json) {
  const char *counted = model.forward ? "rows" : "tokens";
  if (json) {
    std::printf("{\"load_ns\": %llu", (unsigned long long)loadNanos);
    for (const Row &row : rows)
      std::printf(", \"%s\": {\"%s\": %llu, \"predicted_ns\": %llu, \"measured_ns\": %llu}",
                  row.phase, counted, (unsigned long long)row.tokens,
                  (unsigned long long)row.predicted, (unsigned long long)row.measured);
    std::printf("}\n");
    return;
  }
  bool ofRows = model.forward;
  std::printf("%-8s %8s %18s %18s %10s\n", "phase", counted,
              ofRows ? "predicted rows/s" : "predicted tok/s",
              ofRows ? "measured rows/s" : "measured tok/s", "measured/");
  for (const Row &row : rows)
    std::printf("%-8s %8llu %18.1f %18.1f %10.2f\n", row.phase, (unsigned long long)row.tokens,
                perSecond(row.tokens, row.predicted), perSecond(row.tokens, row.measured),
                row.measured ? double(row.predicted) / double(row.measured) : 0);
  if (model.batch == 1)
    return;
  const Row &decode = rows.back();
  std::printf("%-8s %8d %18.1f %18.1f\n", "  of one", 1, perSecond(1, decode.predicted),
              perSecond(1, decode.measured));
}

Failure bench(const ModelInfo &model, const AppOptions &options) {
  uint64_t start = now();
  Session session(model);
  if (Failure f = session.open(options.weights, options.torchModule))
    return f;
  if (Failure f = session.load())
    return f;
  uint64_t loaded = now() - start;
  if (model.forward) {
    Row forward{"forward", model.chunk, model.predictedForwardNanos, 0};
    if (Failure f = benchForward(session, forward.measured))
      return f;
    print(model, {forward}, loaded, options.json);
    return {};
  }
  std::vector<int32_t> ids(model.chunk);
  for (size_t i = 0; i < ids.size(); ++i)
    ids[i] = int32_t(i % model.vocabulary);
  Row prefill{"prefill", model.chunk, model.predictedPrefillNanos, 0};
  Row decode{"decode", model.batch, model.predictedDecodeNanos, 0};
  if (Failure f = benchPrefill(session, ids, prefill.measured))
    return f;
  if (Failure f = benchDecode(session, ids, decode.measured))
    return f;
  print(model, {prefill, decode}, loaded, options.json);
  return {};
}

} // namespace ashlar
