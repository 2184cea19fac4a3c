//! A life that is cut short at every single operation on the disk, and one in which every single operation fails; and
//! recoveries that are cut short the same way.

use kv_store::simulation::{Fault, Plan, SimulatedDisk};
use kv_store::wal::Durability;

use crate::machine::{Machine, options};
use crate::model::{End, Model};
use crate::script::{Step, delete, script, set};

/// Disks drawn for each power cut.
const DRAWS: u64 = 8;
/// For so many of those, every recovery is cut short too.
const DRAWS_BROKEN_OFF: u64 = 2;
/// Disks drawn for a power cut in a recovery, for each of those above.
const DRAWS_IN_RECOVERY: u64 = 3;

const ENDS: [End; 2] = [End::Kill, End::PowerCut];

/// Plays the script on a new disk with a plan that begins behind the start.
fn play(steps: &[Step], plan: Plan, seed: u64) -> (SimulatedDisk, Model) {
    let disk = SimulatedDisk::new(seed);
    let mut model = Model::new();
    let mut machine =
        Machine::start(&disk, options(Durability::Disk), &mut model, End::PowerCut).unwrap();
    disk.set_plan(plan);
    for step in steps {
        step.play(&mut machine, &mut model, &disk);
    }
    (disk, model)
}

fn left(disk: &SimulatedDisk, end: End, seed: u64) -> SimulatedDisk {
    match end {
        End::Kill => disk.after_kill(),
        End::PowerCut => disk.after_power_cut(seed),
    }
}

/// Recovers, writes on, and loses the power once more.
#[track_caller]
fn recovers(disk: &SimulatedDisk, model: &Model, end: End, seed: u64) {
    let mut model = model.clone();
    let mut machine = Machine::start(disk, options(Durability::Disk), &mut model, end).unwrap();
    model.all_is_durable();
    machine.append(&mut model, &[set("after", 100), delete("a")]);
    machine.append(&mut model, &[set("a", 101)]);
    let disk = disk.after_power_cut(seed);
    Machine::start(&disk, options(Durability::Disk), &mut model, End::PowerCut).unwrap();
}

/// Recovers with an end at every operation of the recovery.
fn recovers_when_broken_off(found: &SimulatedDisk, model: &Model, end: End, seed: u64) {
    for stop_at in 0.. {
        let disk = found.after_kill();
        disk.set_plan(Plan::stop_at(stop_at));
        if Machine::start(&disk, options(Durability::Disk), &mut model.clone(), end).is_ok() {
            break;
        }
        recovers(&disk.after_kill(), model, end, seed);
        for draw in 0..DRAWS_IN_RECOVERY {
            recovers(
                &disk.after_power_cut(seed + draw),
                model,
                End::PowerCut,
                seed,
            );
        }
    }
}

fn survives_an_end_at_every_operation(steps: &[Step]) {
    let (whole, _) = play(steps, Plan::default(), 0);
    for stop_at in 0..whole.operations() {
        for seed in 0..DRAWS {
            let (disk, model) = play(steps, Plan::stop_at(stop_at), seed);
            assert!(disk.is_stopped());
            for end in ENDS {
                let found = left(&disk, end, seed);
                recovers(&found.after_kill(), &model, end, seed);
                if seed < DRAWS_BROKEN_OFF {
                    recovers_when_broken_off(&found, &model, end, seed);
                }
            }
        }
    }
}

#[test]
fn an_end_at_every_operation_and_at_every_operation_of_the_recovery_loses_nothing() {
    survives_an_end_at_every_operation(&script(false));
}

#[test]
fn an_end_at_every_operation_around_a_clear_is_before_it_or_behind_it() {
    survives_an_end_at_every_operation(&script(true));
}

#[test]
fn every_operation_may_fail_once_and_nothing_is_lost() {
    for fault in [Fault::Error, Fault::Full, Fault::Short] {
        for steps in [script(false), script(true)] {
            let (whole, _) = play(&steps, Plan::default(), 0);
            for number in 0..whole.operations() {
                for seed in 0..DRAWS {
                    let (disk, model) = play(&steps, Plan::fail(number, fault), seed);
                    for end in ENDS {
                        recovers(&left(&disk, end, seed), &model, end, seed);
                    }
                }
            }
        }
    }
}

#[test]
fn every_operation_of_a_recovery_may_fail_once_and_the_next_one_recovers() {
    let steps = script(true);
    let (whole, _) = play(&steps, Plan::default(), 0);
    for stop_at in (0..whole.operations()).step_by(3) {
        let (disk, model) = play(&steps, Plan::stop_at(stop_at), stop_at);
        for end in ENDS {
            let found = left(&disk, end, stop_at);
            for fault in [Fault::Error, Fault::Full] {
                recovers_where_one_operation_fails(&found, &model, end, fault);
            }
        }
    }
}

fn recovers_where_one_operation_fails(
    found: &SimulatedDisk,
    model: &Model,
    end: End,
    fault: Fault,
) {
    for number in 0.. {
        let disk = found.after_kill();
        disk.set_plan(Plan::fail(number, fault));
        // It may do without what failed; then the model was held to what it found.
        let mut started = model.clone();
        let is_open = Machine::start(&disk, options(Durability::Disk), &mut started, end).is_ok();
        let model = if is_open { &started } else { model };
        recovers(&disk.after_kill(), model, end, number);
        recovers(&disk.after_power_cut(number), model, End::PowerCut, number);
        if !disk.has_failed() {
            break;
        }
    }
}
