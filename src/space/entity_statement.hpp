// One entity as a file states it, attribute by attribute: for importers of files with properties of any kind.
#pragma once

#include <string>
#include <string_view>

#include "space/import_batch.hpp"

namespace cityloom::space {

inline constexpr size_t property_text_bytes_max = 64u << 10;  ///< longer texts of a file are cut
inline constexpr size_t properties_max = 1'000;  ///< of one entity from one file; further ones are left out

/// Collects what a file says of one entity. Every attribute carries `providedBy` (source and object), so that what the
/// file no longer says the next time ends (ImportBatch::add). An attribute stated twice counts as first stated. One
/// worker; the batch must outlive it.
class EntityStatement {
 public:
  /// `id_part` is what makes the entity its type's own ("osm-way-12"): characters that an id cannot hold are escaped.
  /// `object` names the thing for people, as the file does ("feature 17").
  EntityStatement(ImportBatch& batch, std::string_view type, std::string_view id_part, std::string_view object);

  /// "urn:ngsi-ld:TYPE:ID-PART".
  const std::string& id() const { return change_.entity_id; }
  void set_id(std::string id) { change_.entity_id = std::move(id); }  ///< a URI that the file itself gives

  /// @name Attributes, by their short name ("pipeMaterial"). Empty texts and numbers that are not finite are left out.
  void text(std::string_view name, std::string_view value);
  void number(std::string_view name, double value, std::string_view unit = {});
  void flag(std::string_view name, bool value);
  void json(std::string_view name, std::string compact_json);  ///< an array or object, as JsonProperty
  void geometry(std::string_view name, twin::Geometry value);
  void relationship(std::string_view name, std::string_view entity_id);
  /// `name`, in this language ("ko"; "@none" where the file does not say).
  void name(std::string_view text, std::string_view language = "@none");

  /// An attribute with anything; nullptr where one of this name and dataset is there already, or too many are.
  twin::Attribute* add(twin::Term name, twin::AttributeKind kind, twin::Value value, twin::Term unit = {},
                       twin::Term dataset = {});
  /// A sub-attribute (text) of the attribute that was added last.
  void member(std::string_view name, std::string_view value);

  /// Whether an attribute of this name is stated.
  bool has(std::string_view name) const;

  /// Hands it to the batch. Errors: those of ImportBatch::add.
  base::Status finish();

 private:
  ImportBatch& batch_;
  std::string provided_by_;
  thread::Change change_;
  std::string names_json_;
};

/// A file's name of a property as an attribute's name: letters of any script, digits and "_" stay, all else becomes
/// "_", a digit in front gets an "n" before it, and names that mean something of their own ("id", "type", "location",
/// ...) a "_" behind. "" if nothing is left.
std::string attribute_name_of(std::string_view property);

/// A text as part of an id: letters, digits and "-._~:" stay, all other bytes are percent-encoded; at most 500 bytes,
/// beyond them a hash of the rest.
std::string id_part_of(std::string_view text);

/// The file's name as part of ids: without endings, in small letters and hyphens ("Pipes 2024.geojson" ->
/// "pipes-2024").
std::string source_part_of(std::string_view file_name);

}  // namespace cityloom::space
