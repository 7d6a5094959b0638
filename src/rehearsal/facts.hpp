// What an invented city states to the record: the changes of its quarters (room-internal; the door is city.hpp).
#pragma once

#include <limits>

#include "rehearsal/names.hpp"
#include "rehearsal/quarter.hpp"
#include "rehearsal/streets.hpp"
#include "space/import_batch.hpp"

namespace cityloom::rehearsal {

/// Terms that an imported city does not have.
struct RehearsalTerms {
  twin::Term city, pipe, cable, basement;
  twin::Term invented, residents, jobs, places, full_address, seed, buildings, population, middle;
  twin::Term network, depth, diameter, material, installed_at, owner, accuracy_class, status, voltage, pressure,
      signalled;
  twin::Term millimetre, volt, kilopascal;
  RehearsalTerms(space::ImportBatch& batch, twin::TermTable& table);
};

/// Makes the changes of one city. One worker.
class FactMaker {
 public:
  FactMaker(const CityPlan& plan, space::ImportBatch& batch, twin::TermTable& table);

  /// The city itself: name, seed, size, population.
  base::Status city(uint64_t residents, uint64_t jobs);
  /// The shape of the ground.
  base::Status ground();
  /// The river's surface, and the green along both banks.
  base::Status river();
  /// Buildings, greens, streets, signals and what lies below the streets of one quarter.
  base::Status quarter(size_t number);

  uint64_t residents() const { return residents_; }
  uint64_t jobs() const { return jobs_; }

 private:
  thread::Change begin(std::string id, twin::Term type) const;
  void finish(thread::Change& change) const;
  base::Status add(thread::Change change);
  void name(thread::Change& change, const Name& name) const;
  void location(thread::Change& change, const Ring& ring) const;
  // A NaN is no height: on the ground.
  void line(thread::Change& change, const std::vector<Point>& points,
            double height_m = std::numeric_limits<double>::quiet_NaN()) const;
  void address(thread::Change& change, Quarter quarter, const BuildingPlan& building) const;

  base::Status building(Quarter quarter, const BuildingPlan& building, size_t number);
  base::Status basement(Quarter quarter, const BuildingPlan& building, size_t number, const std::string& id);
  base::Status green(Quarter quarter, const GreenPlan& green, size_t number);
  base::Status street(const Stretch& stretch);
  base::Status junction(GridNode node);
  base::Status below(const Stretch& stretch);
  base::Status bank(Quarter quarter);

  const CityPlan& plan_;
  Names names_;
  space::ImportBatch& batch_;
  const space::Vocabulary& v_;
  RehearsalTerms t_;
  uint64_t residents_ = 0, jobs_ = 0;
};

/// What a rehearsal's entities carry as `source`.
inline constexpr const char* rehearsal_source = "rehearsal";

}  // namespace cityloom::rehearsal
