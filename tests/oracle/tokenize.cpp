// What tests/oracle/tokenizers.py compares with the package: reads requests from standard input
// until its end, and answers each with a line.
//   request: mode, length: uint32; then as many bytes
//   mode:    1 add special tokens, 2 read special tokens in the text: a text, answered with its ids
//            4 ids (int32), answered with the hexadecimal digits of their text; with 1 special
//            tokens are shown
#include "compiler/checkpoint/Tokenizer.h"
#include "runtime/text/Tokenizer.h"

#include <cstdio>
#include <string>
#include <vector>

using namespace ashlar;

static bool readAll(void *into, size_t bytes) { return fread(into, 1, bytes, stdin) == bytes; }

int main(int count, char **arguments) {
  if (count != 2)
    return 1;
  Diagnostics diags;
  std::optional<std::string> compiled = compileTokenizer(arguments[1], 1 << 20, diags);
  if (!compiled)
    return 1;
  std::optional<Tokenizer> tokenizer = Tokenizer::open(std::as_bytes(std::span(*compiled)));
  if (!tokenizer)
    return 1;

  std::vector<int32_t> ids;
  std::string request;
  uint32_t head[2];
  while (readAll(head, sizeof head)) {
    request.resize(head[1]);
    if (!readAll(request.data(), request.size()))
      return 1;
    if (head[0] & 4) {
      ids.resize(request.size() / 4);
      request.copy(reinterpret_cast<char *>(ids.data()), ids.size() * 4);
      TextStream stream(*tokenizer, /*skipSpecial=*/!(head[0] & 1));
      std::string text;
      for (int32_t id : ids)
        text += stream.feed(id);
      text += stream.finish();
      for (char c : text)
        printf("%02x", static_cast<unsigned char>(c));
    } else {
      ids.resize(3 * request.size() + 16); // an invalid byte may become three tokens
      auto n = tokenizer->encode(request, head[0] & 1, ids, head[0] & 2);
      if (!n || *n > ids.size())
        return 1;
      for (uint64_t i = 0; i < *n; ++i)
        printf(i ? " %d" : "%d", ids[i]);
    }
    putchar('\n');
  }
  return 0;
}
