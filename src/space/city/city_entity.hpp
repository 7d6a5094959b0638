// From an object of a city model to the change that brings it into the record.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "space/city/body.hpp"
#include "space/city/city_crs.hpp"
#include "space/city/city_object.hpp"
#include "space/city/footprint.hpp"
#include "space/import_batch.hpp"

namespace cityloom::space {

/// "urn:ngsi-ld:Building:..." of a source's id: characters that a URN does not have are percent-encoded. Ids that are
/// too short to be meant for the whole world ("12", "b1") get the file's stem before them.
std::string city_entity_id(std::string_view type, std::string_view source_id, std::string_view source);

/// An id for an object that has none: from its type and its coordinates, so that it is the same in the next version
/// of the file if it stands where it stood.
std::string city_content_id(const CityObject& object);

/// The terms of city models beyond the vocabulary. A value.
struct CityTerms {
  std::map<std::string, twin::Term, std::less<>> names;     ///< types and attributes
  std::map<std::string, twin::Term, std::less<>> datasets;  ///< by LoD
  /// Interns what any city model can need.
  static base::Result<CityTerms> intern(ImportBatch& batch, twin::TermTable& table);
};

/// What became of an object.
struct MadeEntity {
  thread::Change change;
  bool is_made = false;               ///< else only warnings
  std::vector<std::string> warnings;  ///< about this object
};

/// Makes changes. One worker; make one per worker. Equal objects give equal changes.
class EntityMaker {
 public:
  /// `system_of` gives the coordinate system of a name ("": the file's) or the reason why there is none; it outlives
  /// this, as the rest does.
  using SystemOf = std::function<base::Result<const CityCrs*>(const std::string& name)>;
  EntityMaker(const Vocabulary& vocabulary, const CityTerms& terms, std::string source, SystemOf system_of)
      : vocabulary_(vocabulary), terms_(terms), source_(std::move(source)), system_of_(std::move(system_of)) {}

  /// The object must have its entity_id.
  MadeEntity make(CityObject& object);

 private:
  struct Picture;
  bool add_geometries(CityObject& object, MadeEntity& made);
  bool add_body(CityObject& object, const CityGeometry& geometry, MadeEntity& made, Picture& picture);
  void add_location(const CityObject& object, const Picture& picture, MadeEntity& made);
  void add_height(const CityObject& object, const Picture& picture, MadeEntity& made);
  void add_fields(const CityObject& object, MadeEntity& made);
  twin::Attribute& add(MadeEntity& made, twin::Term name, twin::AttributeKind kind, twin::Value value);
  twin::Attribute plain(twin::Term name, std::string value) const;
  base::Status convert(const CityGeometry& geometry, std::vector<twin::Position>& to);

  const Vocabulary& vocabulary_;
  const CityTerms& terms_;
  std::string source_;
  SystemOf system_of_;
  Footprinter footprinter_;
  std::string provided_by_;
  std::vector<twin::Position> positions_;
  std::vector<RawPosition> raw_;
};

/// The name that the map knows for a roof's code or word ("1030", "3100", "gabled"); "" for one that it does not.
std::string_view roof_shape_of(std::string_view code);

}  // namespace cityloom::space
