#include "link/csv.hpp"

#include <fmt/format.h>
#include <iconv.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;

/// Closes what iconv opened.
struct Converter {
  iconv_t handle = nullptr;
  ~Converter() {
    if (handle != nullptr) iconv_close(handle);
  }
};

bool is_utf8_name(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) { return std::tolower(letter); });
  return lower == "utf-8" || lower == "utf8";
}

}  // namespace

struct CsvReader::Parts {
  std::unique_ptr<std::istream> stream;
  char delimiter = ',';
  std::unique_ptr<Converter> converter;  // none: UTF-8
  std::array<char, 64 * 1024> buffer;
  size_t begin = 0;
  size_t end = 0;
  uint64_t line = 1;         // of the next byte
  uint64_t record_line = 1;  // at which the record began

  int peek() {
    if (begin == end) {
      stream->read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
      begin = 0;
      end = static_cast<size_t>(stream->gcount());
      if (end == 0) return -1;
    }
    return static_cast<unsigned char>(buffer[begin]);
  }
  int get() {
    const int letter = peek();
    if (letter < 0) return letter;
    ++begin;
    if (letter == '\n') ++line;
    return letter;
  }
  void skip_line() {
    for (int letter = get(); letter >= 0 && letter != '\n'; letter = get()) {
    }
  }
  void skip_mark() {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    if (peek() == 0xEF && std::string_view(buffer.data() + begin, end - begin).substr(0, 3) == mark) begin += 3;
  }
  base::Error error_here(Code code, std::string what) const {
    return fail(code, std::move(what), fmt::format("line {}", record_line));
  }
  base::Result<bool> read(std::vector<std::string>& cells);
  base::Status to_utf8(std::string& cell) const;
};

/// Splits one record; bytes as they stand in the file.
base::Result<bool> CsvReader::Parts::read(std::vector<std::string>& cells) {
  cells.assign(1, std::string());
  record_line = line;
  if (peek() < 0) return false;
  size_t bytes = 0;
  bool is_quoted = false;
  bool was_quoted = false;  // the cell at hand began with a quote
  for (;;) {
    const int letter = get();
    if (++bytes > record_bytes_max || cells.size() > cells_max) {
      skip_line();
      return error_here(Code::too_large, "a record has more than 1 MiB or 100000 cells");
    }
    std::string& cell = cells.back();
    if (letter < 0) {
      if (is_quoted) return error_here(Code::invalid, "a quote is opened and never closed");
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
    } else if (letter == '\n') {
      return true;
    } else if (letter != '\r' || peek() != '\n') {
      cell += static_cast<char>(letter);
    }
  }
}

base::Status CsvReader::Parts::to_utf8(std::string& cell) const {
  const bool is_ascii = std::all_of(cell.begin(), cell.end(), [](char letter) { return letter >= 0; });
  if (is_ascii) return {};
  if (converter == nullptr) {
    if (simdjson::validate_utf8(cell.data(), cell.size())) return {};
    return error_here(Code::invalid, "the text is not UTF-8: set 'encoding', e.g. to CP949");
  }
  std::string converted(cell.size() * 4, '\0');
  char* from = cell.data();
  size_t from_left = cell.size();
  char* to = converted.data();
  size_t to_left = converted.size();
  iconv(converter->handle, nullptr, nullptr, nullptr, nullptr);
  if (iconv(converter->handle, &from, &from_left, &to, &to_left) == static_cast<size_t>(-1)) {
    return error_here(Code::invalid, "the text is not in the declared encoding");
  }
  converted.resize(converted.size() - to_left);
  cell = std::move(converted);
  return {};
}

base::Result<CsvReader> CsvReader::over(std::unique_ptr<std::istream> stream, char delimiter,
                                        const std::string& encoding) {
  auto parts = std::make_unique<Parts>();
  parts->stream = std::move(stream);
  parts->delimiter = delimiter;
  if (!is_utf8_name(encoding)) {
    const iconv_t handle = iconv_open("UTF-8", encoding.c_str());
    if (handle == iconv_t(-1)) {  // NOLINT: the library's way to say so
      return fail(Code::invalid, fmt::format("the encoding '{}' is unknown on this machine", encoding), {},
                  "use UTF-8, CP949, EUC-KR or another name that iconv -l shows");
    }
    parts->converter = std::make_unique<Converter>();
    parts->converter->handle = handle;
  } else {
    parts->skip_mark();
  }
  return CsvReader(std::move(parts));
}

base::Result<CsvReader> CsvReader::open(const std::string& file, char delimiter, const std::string& encoding) {
  auto stream = std::make_unique<std::ifstream>(file, std::ios::binary);
  std::error_code ignored;
  if (!*stream || std::filesystem::is_directory(file, ignored)) {
    return fail(Code::not_found, "the file cannot be read", file, "look at its name and rights");
  }
  return over(std::move(stream), delimiter, encoding);
}

CsvReader::CsvReader(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

uint64_t CsvReader::line() const {
  return parts_->record_line;
}

base::Result<bool> CsvReader::next(std::vector<std::string>& cells) {
  for (;;) {
    auto read = parts_->read(cells);
    if (!read || !*read) return read;
    if (cells.size() == 1 && cells[0].empty()) continue;
    for (std::string& cell : cells) {
      if (auto converted = parts_->to_utf8(cell); !converted) return converted.error();
    }
    return true;
  }
}

}  // namespace cityloom::link
