// XML files of SUMO: read within limits, gzip or not, with the line of what is wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::model::traffic {

inline constexpr size_t xml_bytes_max = size_t{1} << 30;  ///< of one file, unpacked

/// A document and where its nodes stand in the file.
class XmlFile {
 public:
  /// Reads a file; gzip is known by its first bytes. Errors: not_found, unavailable (the disk), corrupt (gzip),
  /// too_large (past xml_bytes_max unpacked), invalid (no XML, with the line).
  static base::Result<XmlFile> read(const std::string& path);
  /// From memory; `name` stands in errors. Errors: as of read.
  static base::Result<XmlFile> parse(std::string text, const std::string& name);

  pugi::xml_node root() const { return document_->document_element(); }
  /// "net.xml, line 12".
  std::string where(pugi::xml_node node) const;
  /// An error about a node: invalid, with its line.
  base::Error mistake(pugi::xml_node node, std::string what, std::string remedy = {}) const;
  const std::string& name() const { return name_; }

 private:
  std::string line_of(size_t offset) const;

  std::string name_;
  std::unique_ptr<std::string> text_;  // the document points into it
  std::unique_ptr<pugi::xml_document> document_;
  std::vector<size_t> line_ends_;
};

/// Reads attributes of one node and keeps the first mistake, so that a reader can take all it wants and ask once.
class Attributes {
 public:
  Attributes(const XmlFile& file, pugi::xml_node node) : file_(file), node_(node) {}

  bool has(const char* name) const { return !node_.attribute(name).empty(); }
  /// "" where it is not there.
  std::string_view text(const char* name) const { return node_.attribute(name).value(); }
  /// A mistake where it is not there or empty.
  std::string required_text(const char* name);
  /// A finite number within the bounds, or a mistake.
  double number(const char* name, double fallback, double least, double most);
  double required_number(const char* name, double least, double most);
  size_t whole(const char* name, size_t fallback, size_t most);
  /// Seconds, or [days:]hours:minutes:seconds, below 1e9 s.
  double time_s(const char* name, double fallback);
  bool truth(const char* name, bool fallback) const;
  void mistake(std::string what, std::string remedy = {});
  bool failed() const { return static_cast<bool>(error_); }
  /// Requires failed().
  const base::Error& error() const { return *error_; }

 private:
  const XmlFile& file_;
  pugi::xml_node node_;
  std::unique_ptr<base::Error> error_;
};

/// All of the text as a finite number.
bool read_number(std::string_view text, double& number);
/// As Attributes::time_s has it.
bool read_time_s(std::string_view text, double& seconds);
/// What stands between spaces and commas.
std::vector<std::string_view> words_of(std::string_view text);

}  // namespace cityloom::model::traffic
