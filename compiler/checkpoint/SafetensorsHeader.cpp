#include "compiler/checkpoint/HeaderScanner.h"
#include "compiler/checkpoint/Safetensors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"

#include <algorithm>

namespace ashlar {

namespace {

using Text = HeaderScanner::Text;

/// One tensor's description, its keys in any order.
struct Entry {
  std::optional<Text> type;
  std::optional<std::vector<uint64_t>> shape;
  std::optional<std::vector<uint64_t>> offsets;
  llvm::SmallVector<std::string, 4> others; // keys that the format does not know
};

class HeaderParser {
public:
  HeaderParser(llvm::StringRef file, llvm::StringRef text, std::vector<Tensor> &tensors,
               Diagnostics &diags)
      : text(text), tensors(tensors), scan(file, text, diags) {}

  bool parse();

private:
  bool metadata();
  bool tensor(llvm::StringRef name);
  bool checkName(llvm::StringRef name);
  bool field(llvm::StringRef tensor, Entry &entry);
  bool unknownField(llvm::StringRef key);
  bool add(llvm::StringRef name, size_t start, Entry &entry);

  llvm::StringRef text;
  std::vector<Tensor> &tensors;
  HeaderScanner scan;
  bool sawMetadata = false;
  // Said once a file, not once a tensor.
  bool saidUnknownField = false;
  bool saidRank = false;
};

} // namespace

bool HeaderParser::metadata() {
  if (sawMetadata)
    return scan.fail("\"__metadata__\" is there twice");
  sawMetadata = true;
  size_t start = scan.place();
  if (!scan.expect('{', "before the metadata"))
    return false;
  llvm::StringSet<> seen;
  Text key, value;
  for (bool more = scan.any('}'); more;) {
    if (!scan.key(key, "in the metadata"))
      return false;
    if (!seen.insert(key).second)
      return scan.fail("\"__metadata__\" has the key \"" + key.str() + "\" twice");
    if (scan.peek() != '"')
      return scan.fail("\"__metadata__\" may only hold strings");
    if (!scan.string(value) || !scan.another('}', "in the metadata", more))
      return false;
    if (scan.place() - start > MaxMetadataBytes)
      return scan.fail("\"__metadata__\" is longer than " + forPeople(Bytes(MaxMetadataBytes)));
  }
  return true;
}

/// Names are printed, and become names in plans: nothing that a terminal would obey.
bool HeaderParser::checkName(llvm::StringRef name) {
  if (name.size() > MaxNameBytes)
    return scan.fail("a tensor's name is longer than " + llvm::Twine(MaxNameBytes) + " bytes");
  for (size_t i = 0; i < name.size(); ++i) {
    auto c = static_cast<unsigned char>(name[i]);
    bool upper = c == 0xC2 && static_cast<unsigned char>(name[i + 1]) < 0xA0; // U+0080 to U+009F
    if (c < 0x20 || c == 0x7F || upper)
      return scan.fail("a tensor's name holds a control character");
  }
  return true;
}

/// Its value may hold values, but those no others: the header is three levels deep.
bool HeaderParser::unknownField(llvm::StringRef key) {
  if (!saidUnknownField)
    scan.warn("\"" + key + "\" is no part of the format and is passed over");
  saidUnknownField = true;
  bool object = scan.peek() == '{';
  if (!object && scan.peek() != '[')
    return scan.scalar();
  char close = object ? '}' : ']';
  size_t start = scan.place();
  llvm::StringSet<> seen;
  Text inner;
  scan.expect(scan.peek(), "");
  for (bool more = scan.any(close); more;) {
    if (object && !scan.key(inner, "in an object"))
      return false;
    if (object && !seen.insert(inner).second)
      return scan.fail("\"" + key + "\" has the key \"" + inner.str() + "\" twice");
    if (!scan.scalar() || !scan.another(close, object ? "in an object" : "in an array", more))
      return false;
    if (scan.place() - start > MaxMetadataBytes)
      return scan.fail("\"" + key + "\" is longer than " + forPeople(Bytes(MaxMetadataBytes)));
  }
  return true;
}

bool HeaderParser::field(llvm::StringRef tensor, Entry &entry) {
  Text key;
  if (!scan.key(key, "in the description of a tensor"))
    return false;
  auto twice = [&] {
    return scan.fail("tensor \"" + tensor + "\" has the key \"" + key.str() + "\" twice");
  };
  if (key == "dtype") {
    if (entry.type)
      return twice();
    if (scan.peek() != '"')
      return scan.fail("expected a type's name in quotes");
    return scan.string(entry.type.emplace());
  }
  if (key == "shape")
    return entry.shape ? twice() : scan.integers("shape", MaxRank, entry.shape.emplace());
  if (key == "data_offsets") {
    if (entry.offsets)
      return twice();
    if (!scan.integers("data_offsets", 2, entry.offsets.emplace()))
      return false;
    return entry.offsets->size() == 2 || scan.fail("data_offsets must hold 2 numbers");
  }
  if (llvm::is_contained(entry.others, key.str()))
    return twice();
  if (entry.others.size() == 16)
    return scan.fail("tensor \"" + tensor +
                     "\" has more than 16 keys that are no part of the "
                     "format");
  entry.others.push_back(key.str().str());
  return unknownField(key);
}

bool HeaderParser::tensor(llvm::StringRef name) {
  size_t start = scan.place();
  if (!checkName(name) || !scan.expect('{', "before the description of a tensor"))
    return false;
  Entry entry;
  for (bool more = scan.any('}'); more;)
    if (!field(name, entry) || !scan.another('}', "in the description of a tensor", more))
      return false;
  const char *missing = !entry.type      ? "dtype"
                        : !entry.shape   ? "shape"
                        : !entry.offsets ? "data_offsets"
                                         : nullptr;
  if (missing)
    return scan.failAt(start, "tensor \"" + name + "\" has no \"" + missing + "\"");
  if (tensors.size() == MaxTensors)
    return scan.failAt(start, "more than " + llvm::Twine(MaxTensors) + " tensors");
  return add(name, start, entry);
}

bool HeaderParser::add(llvm::StringRef name, size_t start, Entry &entry) {
  auto refuse = [&](const llvm::Twine &what) {
    return scan.failAt(start, "tensor \"" + name + "\" " + what);
  };
  // The type comes first: without it no extent can be judged.
  std::optional<TensorType> type = parseTensorType(*entry.type);
  if (!type)
    return refuse("is of the unknown type \"" + entry.type->str().take_front(32) + "\"");
  std::vector<uint64_t> &shape = *entry.shape;
  if (shape.size() > 8 && !saidRank) {
    scan.warn("tensor \"" + name + "\" has " + llvm::Twine(shape.size()) +
              " dimensions; more than 8 are unusual");
    saidRank = true;
  }
  std::optional<uint64_t> bits = bitsOf(*type);
  for (uint64_t size : shape)
    if (bits)
      bits = checkedMul(*bits, size);
  if (!bits)
    return refuse("has the shape " + shapeText(shape) + ", whose size overflows 64 bits");
  if (*bits % 8 != 0)
    return refuse("of type " + ashlar::name(*type) + " and shape " + shapeText(shape) +
                  " ends within a byte: it has " + llvm::Twine(*bits) + " bits");
  uint64_t from = (*entry.offsets)[0], to = (*entry.offsets)[1];
  if (to < from)
    return refuse("ends before it begins: data_offsets is [" + llvm::Twine(from) + ", " +
                  llvm::Twine(to) + "]");
  if (to - from != *bits / 8)
    return refuse("of type " + ashlar::name(*type) + " and shape " + shapeText(shape) + " takes " +
                  llvm::Twine(*bits / 8) + " bytes; its data_offsets give it " +
                  llvm::Twine(to - from));
  Tensor tensor;
  tensor.name = name.str();
  tensor.type = *type;
  tensor.shape.assign(shape.begin(), shape.end()); // without spare room
  tensor.offset = from;
  tensor.bytes = Bytes(to - from);
  tensors.push_back(std::move(tensor));
  return true;
}

bool HeaderParser::parse() {
  if (size_t bad; !llvm::json::isUTF8(text, &bad))
    return scan.failAt(bad, "the header is not UTF-8");
  char first = scan.next();
  if (scan.peek() != first)
    scan.warn("the header begins with blanks; the format wants '{' first");
  if (!scan.expect('{', "at the start of the header"))
    return false;

  // Growing would hold the tensors twice for a while. Each has a brace of its own. After the first
  // file of many small ones it still grows as vectors do, not by a copy a file.
  auto braces = static_cast<uint64_t>(std::count(text.begin(), text.end(), '{'));
  if (uint64_t wanted = tensors.size() + std::min(braces, MaxTensors); wanted > tensors.capacity())
    tensors.reserve(std::max<uint64_t>(wanted, 2 * tensors.capacity()));

  Text name;
  for (bool more = scan.any('}'); more;) {
    if (!scan.key(name, "in the header"))
      return false;
    if (!(name == "__metadata__" ? metadata() : tensor(name)))
      return false;
    if (!scan.another('}', "in the header", more))
      return false;
  }
  scan.peek();
  return scan.place() == text.size() || scan.fail("the header goes on after its end");
}

bool parseHeader(llvm::StringRef file, llvm::StringRef text, std::vector<Tensor> &tensors,
                 Diagnostics &diags) {
  return HeaderParser(file, text, tensors, diags).parse();
}

} // namespace ashlar
