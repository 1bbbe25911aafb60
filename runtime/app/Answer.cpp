#include "runtime/app/Answer.h"

#include "runtime/app/Verbs.h"

#include <unistd.h>

#include <cstdio>

namespace ashlar {

static constexpr const char *finishNames[] = {"stop", "length", "eos", "interrupted", "context"};

double perSecond(uint64_t count, uint64_t nanos) {
  return nanos ? double(count) * 1e9 / double(nanos) : 0;
}

static Failure print(std::string_view text) {
  return put(STDOUT_FILENO, text.data(), text.size(), "standard output");
}

Answer::Answer(const Session &session, const AppOptions &options, uint32_t sequence)
    : session(session), sequence(sequence), form(options.form), stops(options.stops) {
  if (session.tokenizer())
    stream.emplace(*session.tokenizer());
  else if (form == OutputForm::Text)
    form = OutputForm::Tokens;
  streamed = options.sequences() == 1 && form != OutputForm::Json;
}

Failure Answer::add(int32_t id) {
  StopTexts::Released text = stream ? stops.feed(stream->feed(id)) : StopTexts::Released();
  if (!streamed)
    return {};
  if (form == OutputForm::Text) {
    Failure f = print(text.held);
    return f ? f : print(text.piece);
  }
  char digits[16];
  int length = std::snprintf(digits, sizeof(digits), first ? "%d" : ",%d", id);
  first = false;
  return print({digits, size_t(length)});
}

/// What stream and stops held back when the last token was there, part by part; both then start
/// anew.
template <class Write> static void rest(TextStream &stream, StopTexts &stops, Write write) {
  StopTexts::Released text = stops.feed(stream.finish());
  write(text.held);
  write(text.piece);
  write(stops.finish());
}

Failure Answer::finish() {
  if (!streamed)
    return {};
  Failure failure;
  if (form == OutputForm::Text)
    rest(*stream, stops, [&](std::string_view part) {
      if (!failure)
        failure = print(part);
    });
  return failure ? failure : print("\n");
}

/// Calls `body` for each id that was generated.
template <class Body>
static void forIds(std::span<const int32_t> sequence, const Generation &g, Body body) {
  auto appended = sequence.subspan(g.promptTokens);
  for (int32_t id : appended)
    body(id);
  if (g.generated > appended.size())
    body(g.last);
}

static void writeList(JsonOutput &out, const char *&before, const char *comma, int32_t id) {
  out.raw(before);
  out.number(uint64_t(id));
  before = comma;
}

void Answer::writeIds(JsonOutput &out, const Generation &g, const char *comma) const {
  const char *before = "";
  forIds(session.sequence(sequence), g, [&](int32_t id) { writeList(out, before, comma, id); });
}

/// The text is made once more from the tokens: so it is stored nowhere.
template <class Write> void Answer::writeText(const Generation &g, Write write) {
  rest(*stream, stops, [](std::string_view) {});
  forIds(session.sequence(sequence), g, [&](int32_t id) {
    StopTexts::Released text = stops.feed(stream->feed(id));
    write(text.held);
    write(text.piece);
  });
  rest(*stream, stops, write);
}

void Answer::write(JsonOutput &out, const Generation &generation) {
  if (form == OutputForm::Json)
    return writeJson(out, generation);
  if (form == OutputForm::Tokens)
    writeIds(out, generation, ",");
  else
    writeText(generation, [&](std::string_view part) { out.raw(part); });
  out.raw("\n");
}

static void writePhase(JsonOutput &out, const char *name, uint64_t tokens, uint64_t nanos) {
  out.raw("\"");
  out.raw(name);
  out.raw("\": {\"tokens\": ");
  out.number(tokens);
  out.raw(", \"seconds\": ");
  out.number(double(nanos) / 1e9);
  out.raw(", \"tokens_per_second\": ");
  out.number(perSecond(tokens, nanos));
  out.raw("}");
}

void Answer::writeJson(JsonOutput &out, const Generation &g) {
  out.raw("{\"prompt_tokens\": [");
  const char *before = "";
  for (int32_t id : session.sequence(sequence).first(g.promptTokens))
    writeList(out, before, ", ", id);
  out.raw("], \"tokens\": [");
  writeIds(out, g, ", ");
  out.raw("], \"text\": ");
  if (stream) {
    out.raw("\"");
    writeText(g, [&](std::string_view part) { out.escaped(part); });
    out.raw("\"");
  } else {
    out.raw("null");
  }
  out.raw(", \"finish_reason\": \"");
  out.raw(finishNames[size_t(*g.finish)]);
  out.raw("\", \"timings\": {");
  writePhase(out, "prefill", g.promptTokens, g.promptNanos);
  out.raw(", ");
  writePhase(out, "decode", g.decoded, g.decodeNanos);
  out.raw("}}");
}

} // namespace ashlar
