/// What a prompt was continued with, and how it is printed: as text or as ids, while it is made
/// where it is the only one; or all of them in the end, as JSON always. Allocates when it is made,
/// and never after.
#pragma once

#include "runtime/Session.h"
#include "runtime/app/Json.h"
#include "runtime/app/Options.h"
#include "runtime/text/StopTexts.h"

namespace ashlar {

/// Why there is no more. In JSON: "stop", "length", "eos", "interrupted", "context".
enum class Finish : uint8_t { Stop, Length, EndToken, Interrupted, Context };

struct Generation {
  uint64_t promptTokens = 0; // that were read
  uint64_t generated = 0;
  uint64_t decoded = 0; // steps of decoding; the first token comes with the prompt
  uint64_t promptNanos = 0, decodeNanos = 0;
  int32_t last = 0;             // the token that was generated last; it need not be in the sequence
  std::optional<Finish> finish; // nothing as long as it goes on
};

/// Tokens, or anything else, in a second; 0 where there was no time.
double perSecond(uint64_t count, uint64_t nanos);

class Answer {
public:
  Answer(const Session &session, const AppOptions &options, uint32_t sequence);

  Failure add(int32_t id);
  /// Whether one of the texts appeared at which generation ends.
  bool stopped() const { return stops.found(); }
  /// The end of an answer that was printed while it was made; of others nothing.
  Failure finish();
  /// One that is printed in the end.
  void write(JsonOutput &out, const Generation &generation);

  bool streams() const { return streamed; }
  OutputForm outputForm() const { return form; }

private:
  template <class Write> void writeText(const Generation &generation, Write write);
  void writeIds(JsonOutput &out, const Generation &generation, const char *comma) const;
  void writeJson(JsonOutput &out, const Generation &generation);

  const Session &session;
  uint32_t sequence;
  OutputForm form;
  bool streamed;
  std::optional<TextStream> stream; // nothing where there is no tokenizer
  StopTexts stops;
  bool first = true;
};

} // namespace ashlar
