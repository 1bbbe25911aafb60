// What tokenizer.json may not hold, and how that is said: with the place and by its name.
#include "tests/text/Fixtures.h"

#include "tests/unit/Check.h"

using namespace ashlar;
using fixtures::compile;
using fixtures::with;

// What the first line of the messages says behind the place.
static std::string fault(const std::string &json, uint64_t vocabulary = 1000) {
  fixtures::Compiled compiled = compile(json, vocabulary);
  if (compiled.bytes)
    return "(accepted)";
  CHECK_EQ(compiled.exit, Exit::BadInput);
  llvm::StringRef error = llvm::StringRef(compiled.messages).split(": error: ").second;
  return error.split('\n').first.str();
}

static const std::string Small = R"({
  "version": "1.0",
  "added_tokens": [{"id": 3, "content": "<end>", "special": true}],
  "normalizer": null,
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
  "post_processor": null,
  "decoder": {"type": "ByteLevel"},
  "model": {
    "type": "BPE",
    "vocab": {"a": 0, "b": 1, "ab": 2},
    "merges": ["a b"]
  }
})";

TEST(NoFileIsNoTokenizer) {
  fixtures::Compiled compiled = compile(llvm::StringRef());
  CHECK(compiled.bytes && compiled.bytes->empty());
  CHECK_EQ(compiled.messages, "");
}

TEST(SmallestOne) {
  fixtures::Compiled compiled = compile(Small);
  CHECK(compiled.bytes && !compiled.bytes->empty());
  CHECK_EQ(compiled.messages,
           "tokenizer.json:10:5: warning: 254 of the 256 bytes are missing from the vocabulary: "
           "text loses them\n    \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2},\n    ^\n");
}

TEST(PlaceAndWayOut) {
  fixtures::Compiled compiled =
      compile(with(Small, R"("normalizer": null)", R"("normalizer": {"type": "NFKC"})"));
  CHECK_EQ(compiled.messages,
           "tokenizer.json:4:3: error: normalizer NFKC is not supported; only NFC is\n"
           "  \"normalizer\": {\"type\": \"NFKC\"},\n"
           "  ^\n"
           "note: with --no-tokenizer the app takes and gives token ids only (--tokens, "
           "--output=tokens)\n");
  CHECK_EQ(compiled.exit, Exit::BadInput);
}

TEST(Json) {
  CHECK_EQ(fault("[]"), "expected an object");
  CHECK_EQ(fault("{\"a\": 1, \"a\": 2}"), "the key is given twice in one object");
  CHECK_EQ(fault(with(Small, R"("1.0")", R"("2.0")")), "expected version \"1.0\"");
}

TEST(Normalizer) {
  auto normalizer = [](llvm::StringRef json) {
    return fault(with(Small, R"("normalizer": null)", ("\"normalizer\": " + json).str()));
  };
  CHECK_EQ(normalizer(R"({"type": "Sequence", "normalizers": []})"), "(accepted)");
  CHECK_EQ(normalizer(R"({"type": "NFC"})"), "(accepted)");
  CHECK_EQ(normalizer(R"({"type": "Sequence", "normalizers": [{"type": "NFC"}]})"), "(accepted)");
  CHECK_EQ(normalizer(R"({"type": "Sequence", "normalizers": [{"type": "Lowercase"}]})"),
           "normalizer Lowercase is not supported; only NFC is");
  CHECK_EQ(normalizer("3"), "expected an object or null");
  CHECK_EQ(normalizer("{}"), "normalizer (none) is not supported; only NFC is");
  CHECK_EQ(normalizer(R"({"type": "a\u001bb"})"),
           "normalizer \"a\\u001bb\" is not supported; only NFC is");
}

TEST(PreTokenizer) {
  auto preTokenizer = [](llvm::StringRef json) {
    return fault(with(Small, R"({"type": "ByteLevel", "add_prefix_space": false})", json));
  };
  llvm::StringRef only = "pre_tokenizer is supported as ByteLevel, or as Split and then ByteLevel, "
                         "only";
  CHECK_EQ(preTokenizer("null"), only);
  CHECK_EQ(preTokenizer(R"({"type": "Metaspace"})"), "pre_tokenizer Metaspace is not supported");
  CHECK_EQ(preTokenizer(R"({"type": "Split"})"), only);
  CHECK_EQ(preTokenizer(R"({"type": "ByteLevel"})"),
           "pre_tokenizer ByteLevel needs add_prefix_space, true or false");
  auto split = [&](llvm::StringRef pattern, llvm::StringRef behavior, llvm::StringRef byteLevel) {
    return preTokenizer((R"({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": )" +
                         pattern + ", " + behavior +
                         R"(}, {"type": "ByteLevel", "add_prefix_space": false)" + byteLevel +
                         "}]}")
                            .str());
  };
  llvm::StringRef isolated = R"("behavior": "Isolated", "invert": false)";
  llvm::StringRef regex = R"(, "use_regex": false)";
  CHECK_EQ(split(R"({"Regex": "\\w+"})", isolated, regex),
           "pre_tokenizer Split has the unknown expression \"\\\\w+\"; those of GPT-2, Llama 3 and "
           "Qwen2 are supported");
  CHECK_EQ(split(R"({"String": " "})", isolated, regex),
           "pre_tokenizer Split is supported with a Regex only");
  CHECK_EQ(split(R"({"Regex": "a"})", R"("behavior": "Removed", "invert": false)", regex),
           "pre_tokenizer Split is not supported with behavior Removed");
  CHECK_EQ(split(R"({"Regex": "a"})", R"("behavior": "Isolated", "invert": true)", regex),
           "pre_tokenizer Split is not supported with behavior Isolated inverted");
  CHECK_EQ(split(R"({"Regex": "a"})", isolated, ""),
           "pre_tokenizer ByteLevel is not supported with use_regex behind Split");
}

TEST(PostProcessor) {
  auto processor = [](llvm::StringRef json) {
    return fault(with(Small, R"("post_processor": null)", ("\"post_processor\": " + json).str()));
  };
  CHECK_EQ(processor(R"({"type": "RobertaProcessing"})"),
           "post_processor RobertaProcessing is not supported");
  auto tmpl = [&](llvm::StringRef single, llvm::StringRef ids) {
    return processor((R"({"type": "TemplateProcessing", "single": [)" + single +
                      R"(], "special_tokens": {"<end>": {"id": "<end>", "ids": )" + ids + "}}}")
                         .str());
  };
  llvm::StringRef end = R"({"SpecialToken": {"id": "<end>", "type_id": 0}})";
  llvm::StringRef a = R"({"Sequence": {"id": "A", "type_id": 0}})";
  CHECK_EQ(tmpl((end + ", " + a).str(), "[3]"), "(accepted)");
  CHECK_EQ(tmpl((a + ", " + end).str(), "[3]"),
           "post_processor TemplateProcessing puts \"<end>\" after the text, which is not "
           "supported");
  CHECK_EQ(tmpl((end + ", " + a).str(), "[4]"),
           "special token \"<end>\" of the template has an id that is no token");
  CHECK_EQ(tmpl(end, "[3]"), "the template has no sequence A");
  CHECK_EQ(tmpl(R"({"SpecialToken": {"id": "<s>"}})", "[3]"),
           "special token \"<s>\" of the template has no ids");
  CHECK_EQ(tmpl((a + ", " + a).str(), "[3]"),
           "post_processor TemplateProcessing is supported with one sequence A only");
}

TEST(WrongKinds) {
  auto changed = [](llvm::StringRef from, llvm::StringRef to) {
    return fault(with(Small, from, to));
  };
  llvm::StringRef vocab = R"({"a": 0, "b": 1, "ab": 2})", none = R"("post_processor": null)";
  CHECK_EQ(changed(R"("type": "BPE")", R"("type": "BPE", "ignore_merges": 1)"),
           "expected true or false");
  CHECK_EQ(changed(vocab, "[]"), "model BPE needs vocab, an object");
  CHECK_EQ(changed(R"(["a b"])", "{}"), "model BPE needs merges, a list");
  CHECK_EQ(changed(R"("model": {)", R"("model": 1, "other": {)"),
           "tokenizer.json needs model, an object");
  CHECK_EQ(changed(none, R"("post_processor": {"type": "Sequence"})"),
           "a Sequence has no list of processors");
  CHECK_EQ(changed(none, R"("post_processor": {"type": "Sequence", "processors": [1]})"),
           "expected objects");
  CHECK_EQ(changed(none, R"("post_processor": {"type": "TemplateProcessing"})"),
           "TemplateProcessing needs single and special_tokens");
  CHECK_EQ(changed(none, R"("post_processor": {"type": "TemplateProcessing", "single": [1], )"
                         R"("special_tokens": {}})"),
           "expected SpecialToken or Sequence");
}

TEST(TwoTemplates) {
  std::string tmpl = R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}], )"
                     R"("special_tokens": {}})";
  CHECK_EQ(fault(with(Small, R"("post_processor": null)",
                      R"("post_processor": {"type": "Sequence", "processors": [)" + tmpl + ", " +
                          tmpl + "]}")),
           "post_processor with two templates is not supported");
}

TEST(Decoder) {
  CHECK_EQ(fault(with(Small, R"({"type": "ByteLevel"})", "null")),
           "decoder null is not supported; only ByteLevel is");
  CHECK_EQ(fault(with(Small, R"({"type": "ByteLevel"})", R"({"type": "WordPiece"})")),
           "decoder WordPiece is not supported; only ByteLevel is");
}

TEST(ModelSettings) {
  auto setting = [](llvm::StringRef json) { return fault(with(Small, R"("type": "BPE")", json)); };
  CHECK_EQ(setting(R"("type": "Unigram")"), "model Unigram is not supported; only BPE is");
  CHECK_EQ(setting(R"("dropout": 0.1)"), "model BPE is not supported with dropout");
  CHECK_EQ(setting(R"("byte_fallback": true)"), "model BPE is not supported with byte_fallback");
  CHECK_EQ(setting(R"("end_of_word_suffix": "</w>")"),
           "model BPE is not supported with end_of_word_suffix");
  CHECK_EQ(setting(R"("unk_token": "a")"),
           "model BPE is not supported with unk_token where bytes are missing from the vocabulary "
           "(here 254)");
  CHECK_EQ(setting(R"("dropout": null, "continuing_subword_prefix": "", "byte_fallback": false)"),
           "(accepted)");
}

TEST(Vocabulary) {
  auto vocab = [](llvm::StringRef entry) { return fault(with(Small, R"("ab": 2)", entry)); };
  CHECK_EQ(fault(Small, 4), "(accepted)");
  CHECK_EQ(fault(Small, 3), "added token \"<end>\" has id 3, but the model's vocabulary has 3 "
                            "entries");
  CHECK_EQ(fault(Small, 2), "token ab has id 2, but the model's vocabulary has 2 entries");
  CHECK_EQ(vocab(R"("ab": -1)"), "expected an id for token ab");
  CHECK_EQ(vocab(R"("ab": 1)"), "token b has id 1 of another token");
  CHECK_EQ(fault(with(Small, R"("ab": 2)", R"("ab": 20000000)"), ~0ull),
           "token ab has id 20000000, the limit is 16777216");
  CHECK_EQ(vocab("\"" + std::string(1025, 'c') + "\": 2"),
           "a token of 1025 bytes; the limit is 1024");
}

TEST(Merges) {
  auto merges = [](llvm::StringRef json) { return fault(with(Small, R"("a b")", json)); };
  CHECK_EQ(merges(R"(["a", "b"])"), "(accepted)");
  CHECK_EQ(merges(R"("#version: 0.2", "a b")"), "(accepted)");
  CHECK_EQ(merges(R"("a b", "b a")"), "merge 2: token ba is not in the vocabulary");
  CHECK_EQ(merges(R"("a c")"), "merge 1: token c is not in the vocabulary");
  CHECK_EQ(merges(R"("a  b")"),
           "merge 1: expected two tokens with a space between them, found \"a  b\"");
  CHECK_EQ(merges(R"(["a", 1])"), "merge 1: expected two tokens");
}

TEST(AddedTokens) {
  auto added = [](llvm::StringRef json) {
    return fault(with(Small, R"({"id": 3, "content": "<end>", "special": true})", json));
  };
  CHECK_EQ(added(R"({"id": 2, "content": "ab"})"), "(accepted)");
  CHECK_EQ(added(R"({"id": 4, "content": "x"})"),
           "added token x has id 4, but the tokenizers package would give it 3");
  CHECK_EQ(added(R"({"id": 3, "content": "x"}, {"id": 3, "content": "x"})"),
           "added token x is given twice");
  // What a normalizer makes of them, in the order of the file.
  auto composed = [&](llvm::StringRef json) {
    std::string file = with(Small, R"({"id": 3, "content": "<end>", "special": true})", json);
    return fault(with(file, R"("normalizer": null)", R"("normalizer": {"type": "NFC"})"));
  };
  llvm::StringRef both = R"({"id": 3, "content": "\u00e9"}, {"id": 4, "content": "e\u0301"})";
  CHECK_EQ(added(both), "(accepted)");
  CHECK_EQ(composed(both),
           "added tokens \"\u00e9\" and \"e\u0301\" are the same once the normalizer "
           "has composed them");
  CHECK_EQ(composed(R"({"id": 3, "content": "\u00e9"},
                       {"id": 4, "content": "e\u0301", "normalized": false})"),
           "(accepted)");
  std::string much; // of four bytes each, which become twelve
  for (int i = 0; i < 100; ++i)
    much += "\\ud834\\udd60";
  CHECK_EQ(composed("{\"id\": 3, \"content\": \"" + much + "\"}"),
           "an added token of 1200 bytes; the limit is 1024");
  CHECK_EQ(added(R"({"content": "x"})"), "an added token needs id and content");
}
