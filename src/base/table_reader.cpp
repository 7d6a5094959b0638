// Splitting and converting.
#include "base/table_reader.hpp"

#include <iconv.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>

namespace cityloom::base {
namespace {

/// Closes what iconv opened.
class Converter {
 public:
  static std::unique_ptr<Converter> open(const std::string& encoding) {
    const iconv_t handle = iconv_open("UTF-8", encoding.c_str());
    if (handle == iconv_t(-1)) return nullptr;  // NOLINT: the library's way to say so
    return std::unique_ptr<Converter>(new Converter(handle));
  }
  ~Converter() { iconv_close(handle_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool convert(std::string& text) const {
    std::string made(text.size() * 4 + 4, '\0');
    char* from = text.data();
    char* to = made.data();
    size_t from_left = text.size(), to_left = made.size();
    iconv(handle_, nullptr, nullptr, nullptr, nullptr);
    if (iconv(handle_, &from, &from_left, &to, &to_left) == static_cast<size_t>(-1)) return false;
    made.resize(made.size() - to_left);
    text = std::move(made);
    return true;
  }

 private:
  explicit Converter(iconv_t handle) : handle_(handle) {}
  iconv_t handle_;
};

bool is_utf8_name(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) { return std::tolower(letter); });
  return lower == "utf-8" || lower == "utf8";
}

char delimiter_of(std::string_view head) {
  std::array<std::pair<char, size_t>, 4> counts{{{',', 0}, {';', 0}, {'\t', 0}, {'|', 0}}};
  bool is_quoted = false;
  for (const char letter : head) {
    if (letter == '"') is_quoted = !is_quoted;
    if (is_quoted) continue;
    if (letter == '\n' || letter == '\r') break;
    for (auto& [delimiter, count] : counts) count += delimiter == letter ? 1u : 0u;
  }
  const auto most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most->second > 0 ? most->first : ',';
}

}  // namespace

struct TableReader::Parts {
  Read read;
  char delimiter = ',';
  bool is_utf8 = false;  // and nothing else
  std::unique_ptr<Converter> given, korean;
  std::vector<char> buffer = std::vector<char>(64u << 10);
  size_t begin = 0, end = 0;
  uint64_t line = 1, row_line = 1;
  Status failed;

  void fill() {
    begin = 0;
    end = 0;
    auto count = read(buffer.data(), buffer.size());
    if (count) {
      end = *count;
    } else if (failed) {
      failed = std::move(count).error();
    }
  }
  int peek() {
    if (begin == end) fill();
    return begin == end ? -1 : static_cast<unsigned char>(buffer[begin]);
  }
  int get() {
    const int letter = peek();
    if (letter >= 0) ++begin;
    if (letter == '\n') ++line;
    return letter;
  }
  // Takes the rest of a line break that began with this letter.
  bool ends_line(int letter) {
    if (letter != '\r') return letter == '\n';
    if (peek() == '\n') {
      get();
    } else {
      ++line;
    }
    return true;
  }
  void skip_line() {
    for (int letter = get(); letter >= 0 && !ends_line(letter); letter = get()) {
    }
  }
  Error error_here(Code code, std::string what) const {
    return fail(code, std::move(what), "line " + std::to_string(row_line));
  }
  std::string trouble() const {
    if (given != nullptr) return "the letters are not in the encoding that was named";
    return std::string("the letters are ") + (is_utf8 ? "not UTF-8" : "neither UTF-8 nor CP949") +
           ": name it with encoding";
  }
  Result<bool> row(std::vector<std::string>& cells);
  bool to_utf8(std::string& cell) {
    if (given != nullptr) return given->convert(cell);
    if (simdjson::validate_utf8(cell.data(), cell.size())) return true;
    if (is_utf8) return false;
    if (korean == nullptr) korean = Converter::open("CP949");
    return korean != nullptr && korean->convert(cell);
  }
};

Result<bool> TableReader::Parts::row(std::vector<std::string>& cells) {
  cells.assign(1, std::string());
  row_line = line;
  if (peek() < 0) return false;
  size_t bytes = 0;
  bool is_quoted = false, was_quoted = false;
  for (;;) {
    const int letter = get();
    std::string& cell = cells.back();
    if (++bytes > table_row_bytes_max || cells.size() > table_cells_max) {
      skip_line();
      return error_here(Code::too_large, "a row has more than 4 MiB or 100000 cells: is a quote never closed?");
    }
    if (letter < 0) {
      if (is_quoted) return error_here(Code::corrupt, "a quote is opened and never closed");
      return true;
    }
    if (is_quoted) {
      if (letter != '"') {
        cell += static_cast<char>(letter);
      } else if (peek() == '"') {
        cell += static_cast<char>(get());
      } else {
        is_quoted = false;
      }
    } else if (letter == '"' && cell.empty() && !was_quoted) {
      is_quoted = was_quoted = true;
    } else if (letter == delimiter) {
      cells.emplace_back();
      was_quoted = false;
    } else if (ends_line(letter)) {
      return true;
    } else {
      cell += static_cast<char>(letter);
    }
  }
}

Result<TableReader> TableReader::open(Read read, const Options& options) {
  auto parts = std::make_unique<Parts>();
  parts->read = std::move(read);
  parts->is_utf8 = is_utf8_name(options.encoding);
  if (!options.encoding.empty() && !parts->is_utf8) {
    parts->given = Converter::open(options.encoding);
    if (parts->given == nullptr) {
      return fail(Code::invalid, "The encoding \"" + options.encoding.substr(0, 60) + "\" is unknown on this machine",
                  "encoding", "Use UTF-8, CP949 or another name that `iconv -l` shows");
    }
  }
  parts->fill();
  if (!parts->failed) return parts->failed.error();
  std::string_view head(parts->buffer.data(), parts->end);
  if (head.starts_with("\xEF\xBB\xBF")) {
    parts->begin = 3;
    head.remove_prefix(3);
  }
  parts->delimiter = options.delimiter != 0 ? options.delimiter : delimiter_of(head);
  return TableReader(std::move(parts));
}

Result<TableReader> TableReader::open_file(const std::string& path, const Options& options) {
  auto stream = std::make_shared<std::ifstream>(path, std::ios::binary);
  std::error_code ignored;
  if (!*stream || std::filesystem::is_directory(path, ignored)) {
    return fail(Code::not_found, "the file cannot be read", path, "look at its name and rights");
  }
  const auto read = [stream](char* to, size_t size) -> Result<size_t> {
    stream->read(to, static_cast<std::streamsize>(size));
    return static_cast<size_t>(stream->gcount());
  };
  return open(read, options);
}

TableReader::TableReader(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;
TableReader::~TableReader() = default;

uint64_t TableReader::line() const {
  return parts_->row_line;
}
char TableReader::delimiter() const {
  return parts_->delimiter;
}

Result<bool> TableReader::next(std::vector<std::string>& cells) {
  for (;;) {
    auto row = parts_->row(cells);
    if (!parts_->failed) return parts_->failed.error();
    if (!row || !*row) return row;
    if (cells.size() == 1 && cells[0].empty()) continue;
    for (std::string& cell : cells) {
      if (!parts_->to_utf8(cell)) {
        return parts_->error_here(Code::invalid, parts_->trouble());
      }
    }
    return true;
  }
}

}  // namespace cityloom::base
