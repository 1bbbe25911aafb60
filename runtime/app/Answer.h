/// What a prompt was continued with, and how it is printed: as text or as ids while it is made, or
/// as JSON in the end. Allocates when it is made, and never after.
#pragma once

#include "runtime/Session.h"
#include "runtime/app/Options.h"
#include "runtime/text/StopTexts.h"

namespace ashlar {

/// Why there is no more. In JSON: "stop", "length", "eos", "interrupted", "context".
enum class Finish : uint8_t { Stop, Length, EndToken, Interrupted, Context };

struct Generation {
  uint64_t start = 0, loaded = 0, prompted = 0, done = 0; // times, in nanoseconds of `now`
  uint64_t promptTokens = 0;                              // that were read
  uint64_t generated = 0;
  uint64_t decoded = 0; // steps of decoding; the first token comes with the prompt
  int32_t last = 0;     // the token that was generated last; it need not be in the sequence
  Finish finish = Finish::Length;

  uint64_t promptNanos() const { return prompted - loaded; }
  uint64_t decodeNanos() const { return done - prompted; }
};

/// Tokens, or anything else, in a second; 0 where there was no time.
double perSecond(uint64_t count, uint64_t nanos);

class Answer {
public:
  Answer(const Session &session, const AppOptions &options);

  Failure add(int32_t id);
  /// Whether one of the texts appeared at which generation ends.
  bool stopped() const { return stops.found(); }
  Failure finish(const Generation &generation);

private:
  Failure finishJson(const Generation &generation);

  const Session &session;
  OutputForm form;
  std::optional<TextStream> stream; // nothing where there is no tokenizer
  StopTexts stops;
  bool first = true;
};

} // namespace ashlar
