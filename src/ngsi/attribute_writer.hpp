// One attribute instance written as JSON, in every representation. For the writers of this room.
#pragma once

#include <string>
#include <string_view>

#include "ngsi/represent.hpp"
#include "twin/packed.hpp"

namespace cityloom::ngsi {

/// Writes attribute instances under one representation.
class AttributeWriter {
 public:
  AttributeWriter(const Representation& how, const Names& names, std::string& to) : how_(how), names_(names), to_(to) {}

  /// The instance as an object, or in concise and simplified form perhaps a bare value. `previous`: what it was before
  /// a change, or nullptr. A value Null is written as NGSI-LD Null with deletedAt.
  void instance(const twin::AttributeView& view, const twin::AttributeView* previous = nullptr);

  /// As an object even where the concise form would be a bare value; `extra` members (",\"a\":1") stand in it.
  void object(const twin::AttributeView& view, bool with_type, const twin::AttributeView* previous,
              std::string_view extra);

  /// The value alone, as the simplified form has it.
  void simplified(const twin::AttributeView& view);

  /// The value as the member of its kind holds it: a languageMap, a list of URIs ...
  void value(const twin::AttributeView& view);

 private:
  void plain_value(const twin::AttributeView& view);
  void ngsi_ld_null(twin::AttributeKind kind);
  void vocabulary(const twin::AttributeView& view);
  void list_of_objects(std::string_view uris_json);
  void metadata(const twin::AttributeView& view);
  void members(std::string_view members_bytes);
  void object_types(std::string_view bytes);
  bool is_concise_bare(const twin::AttributeView& view) const;
  bool is_bare_end(const twin::AttributeView& view) const;
  void in_language(const twin::AttributeView& view);
  void linked(const twin::AttributeView& view);
  void simplified_links(const twin::AttributeView& view);

  const Representation& how_;
  const Names& names_;
  std::string& to_;
  TimeWriter times_;
};

/// What a notification says of a change beside the entity as it is.
struct ShownChanges {
  const twin::EntityRecord* previous = nullptr;             ///< what was before; nullptr: not shown
  const std::vector<twin::AttributeView>* ended = nullptr;  ///< instances that ended, with a value Null
};

/// Writes all instances of one attribute as the value of its member: one instance plainly, several as an array (or, in
/// simplified form, by their datasetId). `previous`: the record to take previous values from, or nullptr.
void append_instances(const std::vector<twin::AttributeView>& instances, const Representation& how, const Names& names,
                      std::string& to, const twin::EntityRecord* previous = nullptr);

/// An entity within the one that links to it.
void append_linked_entity(const twin::EntityRecord& record, const Representation& how, const Names& names,
                          std::string& to);

/// An entity (a GeoJSON Feature without @context, if asked) with what changed in it.
void append_changed_entity(const twin::EntityRecord& record, const ShownChanges& changes, bool as_feature,
                           const Representation& how, const Names& names, std::string& to);

/// The instance of a record with this name and dataset. False: there is none.
bool find_view(const twin::EntityRecord& record, twin::Term name, twin::Term dataset, twin::AttributeView& view);

/// Whether two views hold the same value.
bool same_value(const twin::AttributeView& left, const twin::AttributeView& right);

/// The text of a languageMap that suits a language preference ("fr-CH,fr;q=0.9,*;q=0.5") best, and its tag. The text is
/// JSON (a string or an array). Cost: parses the map.
struct LanguageChoice {
  std::string tag;
  std::string text_json;
};
/// The choice for a preference; with nothing that suits, "@none" or the first text there is.
LanguageChoice choose_language(std::string_view language_map_json, std::string_view preference);

/// The numbers of a packed list of terms.
std::vector<twin::Term> unpack_terms(std::string_view bytes);

}  // namespace cityloom::ngsi
