#include "model/traffic/xml_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace cityloom::model::traffic {

using base::Code;
using base::Error;
using base::fail;

base::Result<XmlFile> XmlFile::read(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return fail(Code::not_found, "there is no such file", path);
  if (std::filesystem::is_directory(path, ignored)) return fail(Code::invalid, "is a folder", path, "name a file");
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> in(gzopen(path.c_str(), "rb"), gzclose);
  if (!in) return fail(Code::unavailable, "cannot be opened", path);
  std::string text;
  constexpr size_t step = size_t{1} << 20;
  while (true) {
    const size_t before = text.size();
    text.resize(before + step);
    const int got = gzread(in.get(), text.data() + before, step);
    text.resize(before + static_cast<size_t>(std::max(got, 0)));
    int state = Z_OK;
    const char* const why = gzerror(in.get(), &state);
    if (got < 0 || (state != Z_OK && state != Z_STREAM_END))
      return fail(state == Z_ERRNO ? Code::unavailable : Code::corrupt, fmt::format("cannot be read: {}", why), path);
    if (got == 0) break;
    if (text.size() > xml_bytes_max)
      return fail(Code::too_large, fmt::format("more than {} MiB", xml_bytes_max >> 20), path, "split the file");
  }
  return parse(std::move(text), path);
}

base::Result<XmlFile> XmlFile::parse(std::string text, const std::string& name) {
  XmlFile file;
  file.name_ = name;
  file.text_ = std::make_unique<std::string>(std::move(text));
  file.document_ = std::make_unique<pugi::xml_document>();
  for (size_t at = file.text_->find('\n'); at != std::string::npos; at = file.text_->find('\n', at + 1))
    file.line_ends_.push_back(at);
  const auto done = file.document_->load_buffer_inplace(file.text_->data(), file.text_->size(), pugi::parse_default,
                                                        pugi::encoding_auto);
  if (!done) {
    return fail(Code::invalid, fmt::format("is no XML: {}", done.description()),
                file.line_of(static_cast<size_t>(std::max<ptrdiff_t>(done.offset, 0))));
  }
  if (!file.root()) return fail(Code::invalid, "is no XML: it has no element", name);
  return file;
}

std::string XmlFile::line_of(size_t offset) const {
  const auto line = std::lower_bound(line_ends_.begin(), line_ends_.end(), offset) - line_ends_.begin() + 1;
  return fmt::format("{}, line {}", name_, line);
}

std::string XmlFile::where(pugi::xml_node node) const {
  return node.offset_debug() < 0 ? name_ : line_of(static_cast<size_t>(node.offset_debug()));
}

Error XmlFile::mistake(pugi::xml_node node, std::string what, std::string remedy) const {
  return fail(Code::invalid, std::move(what), where(node), std::move(remedy));
}

void Attributes::mistake(std::string what, std::string remedy) {
  if (!error_) error_ = std::make_unique<Error>(file_.mistake(node_, std::move(what), std::move(remedy)));
}

std::string Attributes::required_text(const char* name) {
  const std::string_view value = text(name);
  if (value.empty()) mistake(fmt::format("<{}> has no {}", node_.name(), name));
  return std::string(value);
}

namespace {

/// Texts of files can be long and strange: a part is enough in a message.
std::string shown(std::string_view text) {
  return std::string(text.substr(0, 60));
}

}  // namespace

double Attributes::number(const char* name, double fallback, double least, double most) {
  if (!has(name)) return fallback;
  double value = 0;
  if (!read_number(text(name), value))
    mistake(fmt::format("{} is \"{}\", no number", name, shown(text(name))));
  else if (value < least || value > most)
    mistake(fmt::format("{} is {}, not from {} to {}", name, value, least, most));
  else
    return value;
  return fallback;
}

double Attributes::required_number(const char* name, double least, double most) {
  if (!has(name)) mistake(fmt::format("<{}> has no {}", node_.name(), name));
  return number(name, least, least, most);
}

size_t Attributes::whole(const char* name, size_t fallback, size_t most) {
  const double value = number(name, static_cast<double>(fallback), 0, static_cast<double>(most));
  if (value != std::floor(value)) mistake(fmt::format("{} is {}, no whole number", name, value));
  return static_cast<size_t>(value);
}

double Attributes::time_s(const char* name, double fallback) {
  if (!has(name)) return fallback;
  double value = fallback;
  if (!read_time_s(text(name), value))
    mistake(fmt::format("{} is \"{}\", no time", name, shown(text(name))), "give seconds or hours:minutes:seconds");
  return value;
}

bool Attributes::truth(const char* name, bool fallback) const {
  const std::string_view value = text(name);
  if (value.empty()) return fallback;
  return value == "1" || value == "true" || value == "True" || value == "yes" || value == "on" || value == "x";
}

bool read_number(std::string_view text, double& number) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return false;
  number = value;
  return true;
}

bool read_time_s(std::string_view text, double& seconds) {
  constexpr double most_s = 1e9;
  double total_s = 0;
  size_t parts = 0;
  constexpr double worth_s[] = {1, 60, 3600, 86400};
  while (parts < 4) {
    const size_t colon = text.rfind(':');
    double part = 0;
    if (!read_number(colon == std::string_view::npos ? text : text.substr(colon + 1), part)) return false;
    total_s += part * worth_s[parts];
    ++parts;
    if (colon == std::string_view::npos) {
      if (parts == 2 || std::abs(total_s) > most_s) return false;
      seconds = total_s;
      return true;
    }
    text = text.substr(0, colon);
  }
  return false;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  size_t start = 0;
  const auto parts = [](char c) { return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r'; };
  while (start < text.size()) {
    while (start < text.size() && parts(text[start])) ++start;
    size_t end = start;
    while (end < text.size() && !parts(text[end])) ++end;
    if (end > start) words.push_back(text.substr(start, end - start));
    start = end;
  }
  return words;
}

}  // namespace cityloom::model::traffic
