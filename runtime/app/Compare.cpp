#include "runtime/app/Compare.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ashlar {

namespace {
/// Rows that the plain form gave, and what the others gave in their place.
struct Rows {
  uint64_t columns;
  std::vector<float> plain;
  uint64_t first = 0; // what the first of them is called

  void compare(uint64_t row, const float *found, Comparison &into) const {
    const float *expected = plain.data() + row * columns;
    ++into.rows;
    for (uint64_t i = 0; i < columns; ++i) {
      double difference = std::fabs(double(found[i]) - double(expected[i]));
      if (!std::isfinite(difference))
        difference = std::numeric_limits<double>::infinity();
      into.squares += double(expected[i]) * double(expected[i]);
      into.squaredDifference += difference * difference;
      if (!(difference > into.largest))
        continue;
      into.largest = difference;
      into.row = first + row;
      into.column = i;
    }
  }
};

struct Delivery {
  const Rows &rows;
  Comparison &into;
};

/// Where in a sequence tokens are compared. Those before only fill the cache.
struct Stretch {
  uint64_t first, count;
};
} // namespace

double Comparison::difference() const {
  // Where the plain form gives zeros alone, there is nothing that it could be relative to.
  return std::isfinite(squaredDifference) && squares > 0 ? std::sqrt(squaredDifference / squares)
                                                         : std::sqrt(squaredDifference);
}

/// Ids that are far apart and the same everywhere.
static int32_t idAt(uint64_t position, uint64_t vocabulary) {
  return int32_t(((position + 1) * 0x9E3779B97F4A7C15 >> 32) % vocabulary);
}

static double allowedOfMany(const ModelInfo &model) {
  return model.roundsRows ? AllowedOfRounded : AllowedDifference;
}

static Failure compareStretch(Session &session, Stretch stretch, Comparison &prefill,
                              Comparison &decode) {
  std::vector<int32_t> ids(stretch.first + stretch.count);
  for (size_t i = 0; i < ids.size(); ++i)
    ids[i] = idAt(i, session.model.vocabulary);
  auto before = std::span(ids).first(stretch.first), compared = std::span(ids).last(stretch.count);
  uint32_t sequence = session.model.batch - 1;
  session.restart(sequence);
  if (Failure f = session.append(before, sequence))
    return f;
  // Each token after what the plain form left in the cache, so that neither what is rounded in one
  // nor what is wrong adds up in the next.
  Rows rows{session.model.vocabulary, {}, stretch.first};
  std::vector<float> found;
  for (size_t i = 0; i < compared.size(); ++i) {
    Session::Next next{sequence, compared[i]};
    if (Failure f = session.advance({&next, 1}))
      return f;
    found.assign(session.logits().begin(), session.logits().end());
    session.restart(sequence, stretch.first + i);
    if (Failure f = session.advancePlain({&next, 1}))
      return f;
    rows.plain.insert(rows.plain.end(), session.logits().begin(), session.logits().end());
    rows.compare(i, found.data(), decode);
  }
  if (compared.size() < 2)
    return {};
  session.restart(sequence, stretch.first);
  Delivery delivery{rows, prefill};
  return session.append(
      compared, sequence,
      [](void *context, uint64_t position, const float *logits) {
        auto &d = *static_cast<Delivery *>(context);
        d.rows.compare(position - d.rows.first, logits, d.into);
      },
      &delivery);
}

/// Sequences of different lengths in one step, beside the plain form of each of them alone. As one
/// is full, it drops out.
static Failure compareBatch(Session &session, Comparison &batch) {
  static constexpr uint64_t Apart = 7, Steps = 4;
  uint64_t context = session.model.context, vocabulary = session.model.vocabulary;
  auto id = [&](uint32_t sequence, uint64_t position) {
    return idAt(sequence * context + position, vocabulary);
  };
  for (uint32_t i = 0; i < session.model.batch; ++i) {
    std::vector<int32_t> ids(i * Apart % context);
    for (size_t at = 0; at < ids.size(); ++at)
      ids[at] = id(i, at);
    session.restart(i);
    if (Failure f = session.append(ids, i))
      return f;
  }
  for (uint64_t step = 0; step < Steps; ++step) {
    std::vector<Session::Next> next;
    for (uint32_t i = 0; i < session.model.batch; ++i)
      if (uint64_t length = session.length(i); length < context)
        next.push_back({i, id(i, length)});
    if (next.empty())
      break;
    if (Failure f = session.advance(next))
      return f;
    std::vector<float> found(session.logits().data(),
                             session.logits().data() + next.size() * vocabulary);
    for (size_t row = 0; row < next.size(); ++row) {
      uint32_t sequence = next[row].sequence;
      uint64_t position = session.length(sequence) - 1;
      session.restart(sequence, position);
      if (Failure f = session.advancePlain({&next[row], 1}))
        return f;
      Rows rows{vocabulary, {session.logits().begin(), session.logits().end()}, position};
      rows.compare(0, found.data() + row * vocabulary, batch);
    }
  }
  return {};
}

/// The start of a sequence, and a place where attention looks far back.
static Failure compareTokens(Session &session, std::vector<Comparison> &into) {
  static constexpr uint64_t AtStart = 20, FarBack = 500, There = 4;
  uint64_t context = session.model.context;
  Comparison prefill{"prefill", allowedOfMany(session.model)}, decode{"decode", AllowedDifference};
  if (Failure f = compareStretch(session, {0, std::min(context, AtStart)}, prefill, decode))
    return f;
  if (context > AtStart + There) {
    uint64_t first = std::min(context - There, FarBack);
    if (Failure f = compareStretch(session, {first, There}, prefill, decode))
      return f;
  }
  if (prefill.rows)
    into.push_back(prefill);
  into.push_back(decode);
  if (session.model.batch == 1)
    return {};
  Comparison batch{"batch", AllowedDifference};
  if (Failure f = compareBatch(session, batch))
    return f;
  into.push_back(batch);
  return {};
}

static Failure compareRows(Session &session, std::vector<Comparison> &into) {
  static constexpr uint32_t MostRows = 37; // not a multiple of what kernels take at a time
  uint32_t count = std::min(session.model.chunk, MostRows);
  auto fill = [&] { // steps may write over it
    uint64_t i = 0;
    for (float &value : session.input())
      value = float(idAt(i++, 2001) - 1000) / 1000;
  };
  fill();
  if (Failure f = session.forwardPlain(count))
    return f;
  uint64_t columns = session.model.outputColumns;
  std::span<const float> output = session.output().first(count * columns);
  Rows rows{columns, {output.begin(), output.end()}};
  fill();
  if (Failure f = session.forward(count))
    return f;
  Comparison forward{"forward", allowedOfMany(session.model)};
  for (uint32_t row = 0; row < count; ++row)
    rows.compare(row, output.data() + row * columns, forward);
  into.push_back(forward);
  return {};
}

Failure comparePlain(Session &session, std::vector<Comparison> &into) {
  return session.model.forward ? compareRows(session, into) : compareTokens(session, into);
}

} // namespace ashlar
