//! Tokens put together to commands, with the circumstances each runs in.

use std::{ops::Range, rc::Rc};

use super::{
    command::{Command, Loop, Script},
    lexer::{Lexer, Operator, Token},
    word::{Word, name_length},
    wrappers,
};

/// How deep substitutions are followed; deeper ones are passed over, which keeps the work linear.
const MAX_DEPTH: usize = 12;

/// Reads all of `code`.
pub(super) fn scan(code: &str) -> Script {
    let mut script = Script::default();
    let mut marks = Marks::default();
    let mut scanner = Scanner::new(code, 0..code.len(), 0, &mut script, &mut marks);
    scanner.run();
    marks.apply(&mut script.commands);
    script
}

/// What holds of whole stretches of commands, known only when the stretch has ended.
#[derive(Default)]
struct Marks {
    fed: Vec<Range<usize>>,
    background: Vec<Range<usize>>,
    bounded: Vec<Range<usize>>,
    guarded: Vec<Range<usize>>,
}

impl Marks {
    fn apply(&self, commands: &mut [Command]) {
        each_in(&self.fed, commands, |command| command.is_fed = true);
        each_in(&self.background, commands, |command| {
            command.is_background = true;
        });
        each_in(&self.bounded, commands, |command| command.is_bounded = true);
        each_in(&self.guarded, commands, |command| command.is_guarded = true);
    }
}

/// Calls `mark` for each command that lies in at least one of the ranges; linear however they overlap.
fn each_in(ranges: &[Range<usize>], commands: &mut [Command], mark: impl Fn(&mut Command)) {
    if ranges.is_empty() {
        return;
    }
    let mut steps = vec![0_isize; commands.len() + 1];
    for range in ranges {
        steps[range.start.min(commands.len())] += 1;
        steps[range.end.min(commands.len())] -= 1;
    }
    let mut depth = 0;
    for (command, step) in commands.iter_mut().zip(steps) {
        depth += step;
        if depth > 0 {
            mark(command);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Commands.
    Commands,
    /// `for … in …`, up to `do`.
    LoopHead,
    /// `case … in`.
    CaseHead,
    /// A pattern of a `case`.
    CasePattern,
    /// The name after `function`.
    FunctionName,
    /// Inside `[[ … ]]`.
    Test,
    /// After the end of a compound command: only redirections count.
    AfterCompound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    If,
    Loop,
    Case,
    Braces,
    Subshell,
}

/// A compound command that is open.
struct Frame {
    kind: FrameKind,
    first_command: usize,
    /// Whether what is being read may fail or may not be run.
    is_conditional: bool,
    /// The loop's head in the code, where the loop could be endless.
    endless_head: Option<Range<usize>>,
    /// How many commands that leave a loop had been met before.
    exits_before: usize,
    /// The function around it, or around the function whose body it is.
    outer_function: Option<Rc<str>>,
    /// The list and pipeline that it is part of.
    outer: Place,
}

/// Where in a list and a pipeline the next command stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    list_start: usize,
    pipeline_start: usize,
    is_in_pipe: bool,
    /// Whether it comes after `||`.
    is_alternative: bool,
}

struct Scanner<'a, 's> {
    code: &'a str,
    lexer: Lexer<'a>,
    script: &'s mut Script,
    marks: &'s mut Marks,
    depth: usize,
    mode: Mode,
    frames: Vec<Frame>,
    place: Place,
    command: Command,
    pending_function: Option<Rc<str>>,
    function: Option<Rc<str>>,
    /// Conditions and branches that are open, the ones around this scanner included.
    conditions: usize,
    loops: usize,
    /// `break`, `exit` and `return` met so far.
    exits: usize,
    /// The first command of the compound command that has just ended.
    compound_start: usize,
}

impl<'a, 's> Scanner<'a, 's> {
    fn new(
        code: &'a str,
        range: Range<usize>,
        depth: usize,
        script: &'s mut Script,
        marks: &'s mut Marks,
    ) -> Self {
        let start = script.commands.len();
        Self {
            code,
            lexer: Lexer::new(code, range),
            script,
            marks,
            depth,
            mode: Mode::Commands,
            frames: Vec::new(),
            place: Place {
                list_start: start,
                pipeline_start: start,
                ..Place::default()
            },
            command: Command::default(),
            pending_function: None,
            function: None,
            conditions: 0,
            loops: 0,
            exits: 0,
            compound_start: start,
        }
    }

    fn run(&mut self) {
        loop {
            let token = self.lexer.next();
            self.read_nested();
            match token {
                Token::Word(word) => self.word(word),
                Token::Redirection { feeds_stdin } => self.redirection(feeds_stdin),
                Token::Operator(operator) => self.operator(operator),
                Token::End => break,
            }
        }
        self.end_command();
        while !self.frames.is_empty() {
            self.close();
        }
    }

    /// Follows the substitutions of the token just read.
    fn read_nested(&mut self) {
        self.script.variables.append(&mut self.lexer.variables);
        if self.lexer.nested.is_empty() {
            return;
        }
        for nested in std::mem::take(&mut self.lexer.nested) {
            if self.depth >= MAX_DEPTH || nested.range.is_empty() {
                continue;
            }
            if nested.is_commands {
                self.scan_inside(nested.range);
            } else {
                let mut inner = Scanner::new(
                    self.code,
                    nested.range.clone(),
                    self.depth + 1,
                    self.script,
                    self.marks,
                );
                inner.inherit(self.conditions, self.loops, self.function.as_ref());
                inner.lexer = Lexer::new(self.code, nested.range);
                inner.lexer.read_expansions();
                inner.read_nested();
            }
        }
    }

    fn inherit(&mut self, conditions: usize, loops: usize, function: Option<&Rc<str>>) {
        self.conditions = conditions;
        self.loops = loops;
        self.function = function.cloned();
    }

    fn scan_inside(&mut self, range: Range<usize>) {
        let mut inner = Scanner::new(self.code, range, self.depth + 1, self.script, self.marks);
        inner.inherit(self.conditions, self.loops, self.function.as_ref());
        inner.run();
    }

    fn word(&mut self, word: Word) {
        match self.mode {
            Mode::Commands => self.command_word(word),
            Mode::LoopHead if word.is_bare("do") || word.is_bare("{") => self.mode = Mode::Commands,
            Mode::CaseHead if word.is_bare("in") => self.mode = Mode::CasePattern,
            Mode::CasePattern if word.is_bare("esac") => self.close_kind(FrameKind::Case),
            Mode::Test if word.is_bare("]]") => {
                self.mode = Mode::Commands;
                self.command.words.push(word);
            }
            Mode::FunctionName => {
                self.define_function(word.text);
                self.mode = Mode::Commands;
            }
            Mode::LoopHead => {
                let head = self
                    .frames
                    .last_mut()
                    .and_then(|frame| frame.endless_head.take());
                if let Some(head) = head {
                    // The first word after `for` is the variable.
                    self.script.set_by_loops.push((word.text, head.start));
                }
            }
            Mode::CaseHead | Mode::CasePattern | Mode::Test => {}
            Mode::AfterCompound => {
                self.mode = Mode::Commands;
                self.command_word(word);
            }
        }
    }

    fn command_word(&mut self, word: Word) {
        let is_first = self.command.words.is_empty();
        if is_first && self.command.assignments.is_empty() && self.reserved(&word) {
            return;
        }
        if is_first && word.assigns.is_some() {
            self.command.assignments.push(word);
        } else {
            self.command.words.push(word);
        }
    }

    /// Acts on a reserved word; false if it is none.
    fn reserved(&mut self, word: &Word) -> bool {
        if word.is_quoted || !word.is_literal() {
            return false;
        }
        let start = word.range.start;
        match word.text.as_str() {
            "if" => self.open(FrameKind::If, true, None),
            "while" | "until" => self.open(FrameKind::Loop, true, Some(word.range.clone())),
            "for" | "select" => {
                self.open(FrameKind::Loop, false, Some(word.range.clone()));
                self.mode = Mode::LoopHead;
            }
            "case" => {
                self.open(FrameKind::Case, true, None);
                self.mode = Mode::CaseHead;
            }
            "{" => self.open(FrameKind::Braces, false, None),
            "function" => self.mode = Mode::FunctionName,
            "then" | "do" | "else" | "elif" => self.end_condition(start),
            "fi" => self.close_kind(FrameKind::If),
            "done" => self.close_kind(FrameKind::Loop),
            "esac" => self.close_kind(FrameKind::Case),
            "}" => self.close_kind(FrameKind::Braces),
            "!" | "time" | "coproc" => {}
            "[[" => {
                self.command.words.push(word.clone());
                self.mode = Mode::Test;
            }
            _ => return false,
        }
        true
    }

    fn redirection(&mut self, feeds_stdin: bool) {
        if !feeds_stdin {
            return;
        }
        if self.mode == Mode::AfterCompound {
            self.marks
                .fed
                .push(self.compound_start..self.script.commands.len());
        } else {
            self.command.is_fed = true;
        }
    }

    fn operator(&mut self, operator: Operator) {
        match self.mode {
            Mode::Test | Mode::CaseHead => return,
            Mode::CasePattern => {
                if operator == Operator::Close {
                    self.mode = Mode::Commands;
                    self.start_list();
                }
                return;
            }
            Mode::LoopHead => {
                if operator == Operator::Open {
                    self.arithmetic_loop();
                }
                return;
            }
            Mode::Commands | Mode::FunctionName | Mode::AfterCompound => {}
        }
        match operator {
            Operator::Open => self.open_parenthesis(),
            Operator::Close => self.close_kind(FrameKind::Subshell),
            Operator::Newline | Operator::Semicolon => {
                self.end_command();
                self.start_list();
            }
            Operator::CaseEnd => {
                self.end_command();
                self.start_list();
                if self
                    .frames
                    .last()
                    .is_some_and(|frame| frame.kind == FrameKind::Case)
                {
                    self.mode = Mode::CasePattern;
                }
            }
            Operator::Background => {
                self.end_command();
                self.marks
                    .background
                    .push(self.place.list_start..self.script.commands.len());
                self.start_list();
            }
            Operator::And | Operator::Or => {
                self.end_command();
                let now = self.script.commands.len();
                if operator == Operator::Or {
                    self.marks.guarded.push(self.place.list_start..now);
                    self.place.is_alternative = true;
                }
                self.place.pipeline_start = now;
                self.place.is_in_pipe = false;
            }
            Operator::Pipe => {
                self.command.is_piped = true;
                self.end_command();
                self.place.is_in_pipe = true;
            }
        }
    }

    fn start_list(&mut self) {
        let now = self.script.commands.len();
        self.place = Place {
            list_start: now,
            pipeline_start: now,
            ..Place::default()
        };
    }

    fn open_parenthesis(&mut self) {
        let is_definition = self.command.assignments.is_empty()
            && self.command.words.len() == 1
            && self.lexer.take_closing();
        if is_definition {
            let name = self.command.words.remove(0).text;
            self.command = Command::default();
            self.define_function(name);
        } else if self.pending_function.is_some() && self.lexer.take_closing() {
            // The parentheses of `function name()`.
        } else if self.command.words.is_empty() && self.command.assignments.is_empty() {
            if let Some(range) = self.lexer.take_arithmetic() {
                self.note_arithmetic(range);
                self.read_nested();
            } else {
                self.open(FrameKind::Subshell, false, None);
            }
        }
    }

    fn define_function(&mut self, name: String) {
        self.script.functions.insert(name.clone());
        self.pending_function = Some(name.into());
    }

    /// `for ((…; …; …))`.
    fn arithmetic_loop(&mut self) {
        let Some(range) = self.lexer.take_arithmetic() else {
            return;
        };
        let has_condition = self.code[range.clone()]
            .split(';')
            .nth(1)
            .is_none_or(|condition| !condition.trim().is_empty());
        let end = self.lexer.position();
        if let Some(frame) = self.frames.last_mut() {
            frame.endless_head = frame
                .endless_head
                .take()
                .filter(|_| !has_condition)
                .map(|head| head.start..end);
        }
        self.note_arithmetic(range);
        self.read_nested();
        // Not a `for name in`: what follows up to `do` names nothing.
        self.mode = Mode::Commands;
    }

    /// Every name in an arithmetic expression may be set by it.
    fn note_arithmetic(&mut self, range: Range<usize>) {
        let mut position = range.start;
        while position < range.end {
            let Some(rest) = self.code.get(position..range.end) else {
                position += 1;
                continue;
            };
            let length = name_length(rest);
            if length > 0 {
                self.script
                    .set_by_loops
                    .push((rest[..length].to_owned(), position));
            }
            position += length.max(1);
        }
    }

    fn open(&mut self, kind: FrameKind, is_conditional: bool, endless_head: Option<Range<usize>>) {
        let now = self.script.commands.len();
        let outer_function = self.function.clone();
        if let Some(name) = self.pending_function.take() {
            self.function = Some(name);
        }
        self.conditions += usize::from(is_conditional);
        self.loops += usize::from(kind == FrameKind::Loop);
        self.frames.push(Frame {
            kind,
            first_command: now,
            is_conditional,
            endless_head,
            exits_before: self.exits,
            outer_function,
            outer: self.place,
        });
        self.start_list();
    }

    /// `then`, `do` and their like: a loop's body begins, and its condition is known. Branches stay conditional.
    fn end_condition(&mut self, position: usize) {
        self.end_command();
        self.start_list();
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        if frame.is_conditional && frame.kind == FrameKind::Loop {
            self.conditions -= 1;
            frame.is_conditional = false;
        }
        let is_while = frame
            .endless_head
            .as_ref()
            .is_some_and(|head| self.code[head.start..].starts_with(['w', 'u']));
        if is_while && let Some(head) = frame.endless_head.take() {
            let commands = &self.script.commands[frame.first_command..];
            if is_always(&self.code[head.clone()], commands) {
                frame.endless_head = Some(head.start..last_command_end(commands).min(position));
            }
        }
    }

    /// Closes the innermost frame if it is of that kind; else the word or parenthesis means nothing here.
    fn close_kind(&mut self, kind: FrameKind) {
        if self.frames.last().is_some_and(|frame| frame.kind == kind) {
            self.end_command();
            self.close();
        }
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        self.conditions -= usize::from(frame.is_conditional);
        self.loops -= usize::from(frame.kind == FrameKind::Loop);
        self.function = frame.outer_function;
        let now = self.script.commands.len();
        if let Some(head) = frame.endless_head
            && frame.kind == FrameKind::Loop
            && self.exits == frame.exits_before
            && frame.first_command < now
        {
            self.script.endless_loops.push(Loop {
                head,
                first_command: frame.first_command,
            });
        }
        self.place = frame.outer;
        if self.place.is_in_pipe {
            self.marks.fed.push(frame.first_command..now);
        }
        self.compound_start = frame.first_command;
        self.mode = Mode::AfterCompound;
    }

    fn end_command(&mut self) {
        if self.mode == Mode::AfterCompound || self.mode == Mode::Test {
            self.mode = Mode::Commands;
        }
        let mut command = std::mem::take(&mut self.command);
        if command.words.is_empty() && command.assignments.is_empty() {
            return;
        }
        command.is_fed |= self.place.is_in_pipe;
        command.is_piped |= self.place.is_in_pipe;
        command.is_guarded = self.conditions > 0 || self.place.is_alternative;
        command.is_in_loop = self.loops > 0;
        command.function.clone_from(&self.function);
        wrappers::unwrap(&mut command);
        let index = self.script.commands.len();
        match command.name() {
            Some("break" | "exit" | "return") => self.exits += 1,
            Some("head") if self.place.is_in_pipe => {
                self.marks.bounded.push(self.place.pipeline_start..index);
            }
            _ => {}
        }
        let inner = shell_command(&command);
        let is_bounded = command.is_bounded;
        self.script.commands.push(command);
        if let Some(range) = inner
            && self.depth < MAX_DEPTH
        {
            self.scan_inside(range);
            if is_bounded {
                self.marks.bounded.push(index..self.script.commands.len());
            }
        }
    }
}

/// The code in `bash -c '…'`, where it stands there unchanged.
fn shell_command(command: &Command) -> Option<Range<usize>> {
    let code = command.shell_code_word().filter(|word| word.is_verbatim)?;
    Some(code.range.start + 1..code.range.end - 1)
}

/// Whether a loop's condition always says to go on.
fn is_always(keyword: &str, condition: &[Command]) -> bool {
    let [only] = condition else {
        return false;
    };
    match only.name() {
        Some("true" | ":") => keyword == "while",
        Some("false") => keyword == "until",
        _ => false,
    }
}

fn last_command_end(commands: &[Command]) -> usize {
    commands.last().map_or(0, |command| command.range().end)
}
