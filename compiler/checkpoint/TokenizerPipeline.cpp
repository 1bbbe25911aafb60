// The components around a tokenizer's model: those that can be reproduced exactly are recognised,
// everything else is refused by its name.

#include "compiler/checkpoint/TokenizerParts.h"

namespace ashlar {
namespace {

using llvm::json::Array;
using llvm::json::Object;
using llvm::json::Value;

// The regular expressions that have scanners in runtime/text/Split.cpp.
struct KnownPattern {
  llvm::StringLiteral text;
  Splitter splitter;
};
constexpr KnownPattern KnownPatterns[] = {
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
     Splitter::Gpt2},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
     R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     Splitter::Llama3},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
     R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     Splitter::Qwen2},
};

bool isNull(const Object &object, llvm::StringRef key) {
  const Value *value = object.get(key);
  return !value || value->kind() == Value::Null;
}

// A component of the root, null when it is absent; false when it is not an object.
bool component(const TokenizerSource &source, llvm::StringRef key, const Object *&result) {
  result = source.root.getObject(key);
  return result || isNull(source.root, key) ||
         source.malformed({key}, "expected an object or null");
}

// The members of a Sequence, or the component itself.
bool members(const TokenizerSource &source, llvm::StringRef key, llvm::StringRef list,
             const Object *component, std::vector<const Object *> &result) {
  if (!component)
    return true;
  if (componentType(*component) != "Sequence")
    return result.push_back(component), true;
  const Array *array = component->getArray(list);
  if (!array)
    return source.malformed({key}, "a Sequence has no list of " + list);
  for (const Value &value : *array) {
    result.push_back(value.getAsObject());
    if (!result.back())
      return source.malformed({key, list}, "expected objects");
  }
  return true;
}

bool flag(const TokenizerSource &source, llvm::StringRef key, const Object &component,
          llvm::StringRef name, std::optional<bool> fallback, bool &result) {
  std::optional<bool> value = component.getBoolean(name);
  if (!value && isNull(component, name))
    value = fallback;
  if (!value)
    return source.malformed({key, name}, key + " " + componentType(component) + " needs " + name +
                                             ", true or false");
  result = *value;
  return true;
}

bool readSplit(const TokenizerSource &source, const Object &split, TokenizerParts &parts) {
  const Object *pattern = split.getObject("pattern");
  std::optional<llvm::StringRef> regex = pattern ? pattern->getString("Regex") : std::nullopt;
  if (!regex)
    return source.refuse({"pre_tokenizer"}, "pre_tokenizer Split is supported with a Regex only");
  bool invert;
  if (!flag(source, "pre_tokenizer", split, "invert", std::nullopt, invert))
    return false;
  std::string behavior = printable(split.getString("behavior").value_or(""));
  // The known expressions leave no gaps, so that to remove what does not match removes nothing.
  if (!(behavior == "Isolated" && !invert) && !(behavior == "Removed" && invert))
    return source.refuse({"pre_tokenizer"}, "pre_tokenizer Split is not supported with behavior " +
                                                behavior + (invert ? " inverted" : ""));
  for (const KnownPattern &known : KnownPatterns)
    if (*regex == known.text) {
      parts.splitter = known.splitter;
      return true;
    }
  return source.refuse({"pre_tokenizer"}, "pre_tokenizer Split has the unknown expression " +
                                              printable(*regex) +
                                              "; those of GPT-2, Llama 3 and Qwen2 are "
                                              "supported");
}

} // namespace

bool readNormalizer(const TokenizerSource &source, TokenizerParts &parts) {
  const Object *normalizer;
  std::vector<const Object *> list;
  if (!component(source, "normalizer", normalizer) ||
      !members(source, "normalizer", "normalizers", normalizer, list))
    return false;
  for (const Object *item : list)
    if (std::string type = componentType(*item); type != "NFC")
      return source.refuse({"normalizer"}, "normalizer " + type + " is not supported; only NFC is");
  if (!list.empty())
    parts.flags |= ComposeText;
  return true;
}

bool readPreTokenizer(const TokenizerSource &source, TokenizerParts &parts) {
  llvm::StringRef key = "pre_tokenizer";
  const Object *preTokenizer;
  std::vector<const Object *> list;
  if (!component(source, key, preTokenizer) ||
      !members(source, key, "pretokenizers", preTokenizer, list))
    return false;
  for (const Object *item : list)
    if (std::string type = componentType(*item); type != "ByteLevel" && type != "Split")
      return source.refuse({key}, "pre_tokenizer " + type + " is not supported");
  bool split = list.size() == 2 && componentType(*list[0]) == "Split";
  if (list.size() != (split ? 2 : 1) || componentType(*list.back()) != "ByteLevel")
    return source.refuse({key}, "pre_tokenizer is supported as ByteLevel, or as Split and then "
                                "ByteLevel, only");

  bool prefix, regex;
  if (!flag(source, key, *list.back(), "add_prefix_space", std::nullopt, prefix) ||
      !flag(source, key, *list.back(), "use_regex", true, regex))
    return false;
  if (prefix)
    parts.flags |= AddPrefixSpace;
  if (!split) {
    parts.splitter = regex ? Splitter::Gpt2 : Splitter::None;
    return true;
  }
  if (prefix || regex)
    return source.refuse({key}, llvm::Twine("pre_tokenizer ByteLevel is not supported with ") +
                                    (prefix ? "add_prefix_space" : "use_regex") + " behind Split");
  return readSplit(source, *list[0], parts);
}

bool readDecoder(const TokenizerSource &source) {
  const Object *decoder;
  if (!component(source, "decoder", decoder))
    return false;
  std::string type = decoder ? componentType(*decoder) : "null";
  return type == "ByteLevel" ||
         source.refuse({"decoder"}, "decoder " + type + " is not supported; only ByteLevel is");
}

bool readPostProcessor(const TokenizerSource &source, TokenizerParts &parts) {
  llvm::StringRef key = "post_processor";
  const Object *processor;
  std::vector<const Object *> list;
  if (!component(source, key, processor) || !members(source, key, "processors", processor, list))
    return false;
  const Object *tmpl = nullptr;
  for (const Object *item : list) {
    std::string type = componentType(*item);
    if (type == "ByteLevel")
      continue; // it moves offsets only
    if (type != "TemplateProcessing")
      return source.refuse({key}, "post_processor " + type + " is not supported");
    if (tmpl)
      return source.refuse({key}, "post_processor with two templates is not supported");
    tmpl = item;
  }
  if (!tmpl)
    return true;

  const Array *single = tmpl->getArray("single");
  const Object *specials = tmpl->getObject("special_tokens");
  if (!single || !specials)
    return source.malformed({key}, "TemplateProcessing needs single and special_tokens");
  bool text = false;
  for (const Value &piece : *single) {
    const Object *object = piece.getAsObject();
    if (const Object *sequence = object ? object->getObject("Sequence") : nullptr) {
      if (text || sequence->getString("id") != llvm::StringRef("A"))
        return source.refuse({key, "single"}, "post_processor TemplateProcessing is supported with "
                                              "one sequence A only");
      text = true;
      continue;
    }
    const Object *special = object ? object->getObject("SpecialToken") : nullptr;
    std::optional<llvm::StringRef> name = special ? special->getString("id") : std::nullopt;
    if (!name)
      return source.malformed({key, "single"}, "expected SpecialToken or Sequence");
    if (text)
      return source.refuse({key, "single"}, "post_processor TemplateProcessing puts " +
                                                printable(*name) +
                                                " after the text, which is not supported");
    const Object *known = specials->getObject(*name);
    const Array *ids = known ? known->getArray("ids") : nullptr;
    if (!ids)
      return source.malformed({key, "special_tokens"},
                              "special token " + printable(*name) + " of the template has no ids");
    for (const Value &value : *ids) {
      std::optional<uint64_t> id = value.getAsUINT64();
      if (!id || !parts.has(*id))
        return source.malformed({key, "special_tokens", *name},
                                "special token " + printable(*name) +
                                    " of the template has an id that is no token");
      parts.prefix.push_back(static_cast<uint32_t>(*id));
    }
  }
  return text || source.malformed({key, "single"}, "the template has no sequence A");
}

} // namespace ashlar
