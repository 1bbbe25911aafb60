#include "runtime/app/Answer.h"

#include "runtime/app/Json.h"
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

Answer::Answer(const Session &session, const AppOptions &options)
    : session(session), form(options.form), stops(options.stops) {
  if (session.tokenizer())
    stream.emplace(*session.tokenizer());
  else if (form == OutputForm::Text)
    form = OutputForm::Tokens;
}

Failure Answer::add(int32_t id) {
  StopTexts::Released text = stream ? stops.feed(stream->feed(id)) : StopTexts::Released();
  if (form == OutputForm::Json)
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

Failure Answer::finish(const Generation &generation) {
  if (form == OutputForm::Json)
    return finishJson(generation);
  Failure failure;
  if (form == OutputForm::Text)
    rest(*stream, stops, [&](std::string_view part) {
      if (!failure)
        failure = print(part);
    });
  return failure ? failure : print("\n");
}

static void writeIds(JsonOutput &out, std::span<const int32_t> ids, const int32_t *last) {
  const char *comma = "";
  auto write = [&](int32_t id) {
    out.raw(comma);
    out.number(uint64_t(id));
    comma = ", ";
  };
  for (int32_t id : ids)
    write(id);
  if (last)
    write(*last);
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

/// The text is made once more from the tokens: so it is stored nowhere.
Failure Answer::finishJson(const Generation &g) {
  auto prompt = session.sequence().first(g.promptTokens);
  auto appended = session.sequence().subspan(g.promptTokens);
  const int32_t *last = g.generated > appended.size() ? &g.last : nullptr;
  JsonOutput out;
  out.raw("{\"prompt_tokens\": [");
  writeIds(out, prompt, nullptr);
  out.raw("], \"tokens\": [");
  writeIds(out, appended, last);
  out.raw("], \"text\": ");
  if (stream) {
    auto write = [&](std::string_view part) { out.escaped(part); };
    auto feed = [&](int32_t id) {
      StopTexts::Released text = stops.feed(stream->feed(id));
      write(text.held);
      write(text.piece);
    };
    rest(*stream, stops, [](std::string_view) {});
    out.raw("\"");
    for (int32_t id : appended)
      feed(id);
    if (last)
      feed(*last);
    rest(*stream, stops, write);
    out.raw("\"");
  } else {
    out.raw("null");
  }
  out.raw(", \"finish_reason\": \"");
  out.raw(finishNames[size_t(g.finish)]);
  out.raw("\", \"timings\": {");
  writePhase(out, "prefill", g.promptTokens, g.promptNanos());
  out.raw(", ");
  writePhase(out, "decode", g.decoded, g.decodeNanos());
  out.raw("}}\n");
  return out.finish();
}

} // namespace ashlar
