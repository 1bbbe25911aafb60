#include "runtime/app/Npy.h"

#include "runtime/FileBytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace ashlar {

static constexpr char Magic[] = "\x93NUMPY";
static constexpr uint64_t MostOfHead = 1 << 16;
static constexpr uint64_t MostOfType = 32; // that is shown

std::string npyHeader(uint64_t rows, uint64_t columns) {
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) +
                     ", " + std::to_string(columns) + "), }";
  dict.resize((10 + dict.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += char(dict.size() & 255);
  header += char(dict.size() >> 8);
  return header + dict;
}

namespace {
/// What the head of a .npy file says: a dictionary as Python writes it.
struct Head {
  std::string type;
  std::optional<bool> fortran;
  std::optional<std::vector<uint64_t>> shape;
};

/// Reads the dictionary; only what numpy writes is understood.
class HeadReader {
public:
  explicit HeadReader(std::string_view text) : rest(text) {}

  bool read(Head &head) {
    if (!take('{'))
      return false;
    while (!take('}')) {
      std::string key;
      if (!quoted(key) || !take(':') || !value(key, head))
        return false;
      if (!take(',') && !sees('}'))
        return false;
    }
    blanks();
    return rest.empty() && head.fortran && head.shape;
  }

private:
  void blanks() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n'))
      rest.remove_prefix(1);
  }
  bool sees(char c) {
    blanks();
    return !rest.empty() && rest[0] == c;
  }
  bool take(char c) {
    bool there = sees(c);
    rest.remove_prefix(there);
    return there;
  }
  bool quoted(std::string &text) {
    if (!sees('\'') && !sees('"'))
      return false;
    size_t end = rest.find(rest[0], 1);
    if (end == rest.npos)
      return false;
    text = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return true;
  }
  bool word(std::string_view text) {
    blanks();
    bool there = rest.substr(0, text.size()) == text;
    rest.remove_prefix(there ? text.size() : 0);
    return there;
  }
  bool number(uint64_t &value) {
    blanks();
    size_t digits = 0;
    value = 0;
    for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits)
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, uint64_t(rest[digits] - '0'), &value))
        return false;
    rest.remove_prefix(digits);
    return digits != 0;
  }
  bool value(const std::string &key, Head &head) {
    if (key == "descr") {
      // A type of several fields is a list; it is refused as a type, not as a file.
      head.type = "of several fields";
      return sees('[') ? skipList() : quoted(head.type);
    }
    if (key == "fortran_order") {
      head.fortran = word("True");
      return *head.fortran || word("False");
    }
    if (key != "shape" || !take('('))
      return false;
    std::vector<uint64_t> &shape = head.shape.emplace();
    while (!take(')')) {
      if (!number(shape.emplace_back()))
        return false;
      if (!take(',') && !sees(')'))
        return false;
    }
    return true;
  }
  bool skipList() {
    size_t open = 0;
    do {
      if (rest.empty())
        return false;
      open += rest[0] == '[';
      open -= rest[0] == ']';
      rest.remove_prefix(1);
    } while (open);
    return true;
  }

  std::string_view rest;
};
} // namespace

NpyReader::~NpyReader() {
  if (file >= 0)
    ::close(file);
}

static std::string text(const std::vector<uint64_t> &shape) {
  std::string result;
  for (uint64_t size : shape)
    result += (result.empty() ? "" : ", ") + std::to_string(size);
  return "[" + result + "]";
}

Failure NpyReader::open(const std::string &name, uint64_t columnsWanted) {
  path = name;
  columns = columnsWanted;
  auto fail = [&](const std::string &text, const char *note) {
    return Failure{ExitCode::BadInput, path + ": " + text, note};
  };
  auto system = [&] {
    return Failure{ExitCode::InputOutput, path + ": cannot be read: " + std::strerror(errno), ""};
  };
  file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0)
    return system();
  if (!S_ISREG(status.st_mode))
    return fail("is no regular file", "write the rows to a file first");
  auto size = uint64_t(status.st_size);

  // Magic, version, and the length of the dictionary in 2 or 4 bytes.
  unsigned char start[12] = {};
  bool longer = size >= sizeof(start);
  if (!readAt(file, start, longer ? sizeof(start) : size, 0))
    return system();
  if (!longer || std::memcmp(start, Magic, 6) != 0)
    return fail("is no .npy file", "write one with numpy.save");
  if ((start[6] != 1 && start[6] != 2) || start[7] != 0)
    return fail("is a .npy file of version " + std::to_string(start[6]) + "." +
                    std::to_string(start[7]) + "; 1.0 and 2.0 are read",
                "write it with numpy.save");
  uint64_t length = start[8] | uint64_t(start[9]) << 8, before = 10;
  if (start[6] == 2) {
    length |= uint64_t(start[10]) << 16 | uint64_t(start[11]) << 24;
    before = 12;
  }
  if (length > MostOfHead || length > size - before)
    return fail("its head has " + std::to_string(length) +
                    " bytes, but the file ends before that " + "or they are more than " +
                    std::to_string(MostOfHead),
                "write it anew with numpy.save");
  std::string dict(length, 0);
  if (!readAt(file, dict.data(), length, before))
    return system();
  Head head;
  if (!HeadReader(dict).read(head))
    return fail("its head is not understood", "write it anew with numpy.save");
  if (head.type != "<f4")
    return fail("its numbers are of type " + forTerminal(head.type.substr(0, MostOfType)) +
                    ", float32 (<f4) is wanted",
                "write it as x.astype('<f4')");
  if (*head.fortran)
    return fail("its numbers stand in Fortran's order",
                "write them in C order: numpy.ascontiguousarray(x)");
  if (head.shape->size() != 2 || (*head.shape)[1] != columns)
    return fail("its shape is " + text(*head.shape) + ", the model reads [rows, " +
                    std::to_string(columns) + "]",
                "write one row for each input of the model");
  rowCount = (*head.shape)[0];
  begin = before + length;
  uint64_t bytes;
  bool fits = !__builtin_mul_overflow(rowCount, columns * sizeof(float), &bytes);
  if (!fits || bytes != size - begin)
    return fail("it has " + std::to_string(size - begin) + " bytes of numbers, but its shape " +
                    text(*head.shape) + " needs " + (fits ? std::to_string(bytes) : "more"),
                "the file was cut, or something was written behind it");
  return {};
}

Failure NpyReader::read(uint64_t first, uint64_t count, float *into) const {
  uint64_t row = columns * sizeof(float);
  if (readAt(file, into, count * row, begin + first * row))
    return {};
  return {ExitCode::InputOutput,
          path + ": cannot be read: " + (errno ? std::strerror(errno) : "the file ends early"), ""};
}

bool NpyReader::isFile(const std::string &other) const { return isSameFile(file, other); }

OutputFile::~OutputFile() { close(); }

Failure OutputFile::open(const std::string &name) {
  path = name;
  file = path.empty() ? STDOUT_FILENO
                      : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file >= 0)
    return {};
  return {ExitCode::InputOutput, path + ": cannot be written: " + std::strerror(errno), ""};
}

Failure OutputFile::write(const void *data, uint64_t bytes) {
  if (writeAll(file, data, bytes))
    return {};
  return {ExitCode::InputOutput,
          (path.empty() ? "standard output" : path) +
              ": cannot be written: " + std::strerror(errno),
          ""};
}

Failure OutputFile::close() {
  int mine = file;
  file = -1;
  if (mine < 0 || mine == STDOUT_FILENO || ::close(mine) == 0)
    return {};
  return {ExitCode::InputOutput, path + ": cannot be written: " + std::strerror(errno), ""};
}

} // namespace ashlar
