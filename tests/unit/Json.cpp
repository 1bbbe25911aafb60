// JSON that nobody vouches for: what is taken, and where and why the rest is not.
#include "compiler/support/Json.h"

#include "tests/unit/Check.h"

#include <cmath>

using namespace ashlar;
using llvm::json::Value;

struct Parsed {
  std::optional<Value> value;
  std::string messages;
};

static Parsed parse(llvm::StringRef text, unsigned maxDepth = 64) {
  Parsed result;
  llvm::raw_string_ostream out(result.messages);
  Diagnostics diags(out);
  result.value = parseJson(diags.add("t.json", text), diags, maxDepth);
  CHECK_EQ(result.value.has_value(), !diags.failed());
  return result;
}

static std::string printed(llvm::StringRef text) {
  Parsed result = parse(text);
  std::string out;
  llvm::raw_string_ostream stream(out);
  if (result.value)
    stream << *result.value;
  return out;
}

// The place and what is wrong there.
static std::string fault(llvm::StringRef text) {
  return llvm::StringRef(parse(text).messages).split('\n').first.str();
}

TEST(Values) {
  CHECK_EQ(printed(" {\"b\" : [1, -2.5, true,false ,null],\r\n\t\"a\":{}} "),
           "{\"a\":{},\"b\":[1,-2.5,true,false,null]}");
  CHECK_EQ(printed("\"\\u00e9\\n\\\"\\ud83d\\ude42\\/\""), "\"\xC3\xA9\\n\\\"\xF0\x9F\x99\x82/\"");
  CHECK_EQ(printed("[]"), "[]");
  CHECK_EQ(printed("[9223372036854775807, 18446744073709551615, -0, 1e3]"),
           "[9223372036854775807,18446744073709551615,-0,1000]");
}

TEST(PythonsNumbers) {
  CHECK(std::isnan(*parse("NaN").value->getAsNumber()));
  CHECK_EQ(*parse("Infinity").value->getAsNumber(), INFINITY);
  CHECK_EQ(*parse("-Infinity").value->getAsNumber(), -INFINITY);
}

TEST(Faults) {
  CHECK_EQ(fault(""), "t.json:1:1: error: expected a value, found the end of the file");
  CHECK_EQ(fault("{\n  \"a\": 1,\n  \"a\": 2\n}"),
           "t.json:3:3: error: the key is given twice in one object");
  CHECK_EQ(fault("[[{\"x\":{\"a\":1,\"b\":2,\"a\":1}}]]"),
           "t.json:1:21: error: the key is given twice in one object");
  CHECK_EQ(fault("{\"a\": 1"), "t.json:1:8: error: expected ',' or '}'");
  CHECK_EQ(fault("{\"a\" 1}"), "t.json:1:6: error: expected ':' after the key");
  CHECK_EQ(fault("{a: 1}"), "t.json:1:2: error: expected a key in double quotes");
  CHECK_EQ(fault("{\"a\": 1,}"), "t.json:1:9: error: expected a key in double quotes");
  CHECK_EQ(fault("[1,]"), "t.json:1:4: error: expected a value");
  CHECK_EQ(fault("[1 2]"), "t.json:1:4: error: expected ',' or ']'");
  CHECK_EQ(fault("1 2"), "t.json:1:3: error: expected the end of the file after the value");
  CHECK_EQ(fault("\"a"), "t.json:1:1: error: the string has no end");
  CHECK_EQ(fault("\"a\nb\""), "t.json:1:3: error: a control character in a string must be escaped");
  CHECK_EQ(fault("\"\\x\""), "t.json:1:2: error: unknown escape");
  CHECK_EQ(fault("\"\\u12g4\""), "t.json:1:2: error: expected four hexadecimal digits after \\u");
  CHECK_EQ(fault("\"\\ud83d\""), "t.json:1:2: error: half of a surrogate pair");
  CHECK_EQ(fault("\"\\ude42\""), "t.json:1:2: error: half of a surrogate pair");
  CHECK_EQ(fault("\"\xC3\""), "t.json:1:2: error: not valid UTF-8");
  for (const char *number : {"01", "1.", "1e"})
    CHECK_EQ(fault(number), "t.json:1:1: error: malformed number");
  for (const char *number : {"01", "-", "1.", ".5", "1e", "+1", "-Inf", "nan", "tru"})
    CHECK(!parse(number).value);
}

TEST(DepthIsBounded) {
  CHECK(parse("[[[]]]", 3).value.has_value());
  CHECK_EQ(parse("[[[]]]", 2).messages,
           "t.json:1:3: error: nested deeper than 2 levels\n[[[]]]\n  ^\n");
  CHECK(!parse(std::string(1000000, '[')).value);
}

TEST(PlacesOfKeys) {
  llvm::StringRef text = R"({"x": {"b": "{"}, "q": "\"b\":", "b": {"c": [{"d": 1}], "d": 2}})";
  auto offset = [&](llvm::SMLoc at) { return at.getPointer() - text.data(); };
  CHECK_EQ(offset(locateKey(text, "b")), text.rfind("\"b\": {"));
  CHECK_EQ(offset(locateKey(text, "c")), 0);
  CHECK_EQ(offset(locatePath(text, {"b", "d"})), text.find("\"d\": 2"));
  CHECK_EQ(offset(locatePath(text, {"b", "z"})), text.rfind("\"b\": {"));
  CHECK_EQ(offset(locatePath(text, {"b", "c", "0"})), text.find("{\"d\": 1"));
  CHECK_EQ(offset(locatePath(text, {"b", "c", "0", "d"})), text.find("\"d\": 1"));
  CHECK_EQ(offset(locatePath(text, {"b", "c", "1"})), text.find("\"c\""));
  llvm::StringRef list = R"([ "],[", [1, [2, 3], {}] ,7])";
  auto item = [&](llvm::SMLoc at) { return at.getPointer() - list.data(); };
  CHECK_EQ(item(locatePath(list, {"1", "1", "1"})), list.find('3'));
  CHECK_EQ(item(locatePath(list, {"1", "2"})), list.find('{'));
  CHECK_EQ(item(locatePath(list, {"2"})), list.find('7'));
}
