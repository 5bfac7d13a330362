// Package reference reads what the manual and the site are made of from where it is declared: commands from the command
// tree, settings from the structs that hold them, exit codes from their constants. It keeps to itself how a help text
// and a Go comment become paragraphs.
package reference

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rolecall/internal/cli"
	"rolecall/internal/cli/local"
)

// A Command is one that people run.
type Command struct {
	Path     string // "rolecall idc serve"
	Usage    string // what follows Path on the command line
	Short    string
	Group    string // its heading among the commands beside it, or ""
	Groups   []string
	Text     []Block
	Flags    []Flag
	Commands []Command
}

// Name is the last word of the path.
func (c Command) Name() string { return c.Path[strings.LastIndexByte(c.Path, ' ')+1:] }

// ID is the path with dashes, as manual pages and anchors are called.
func (c Command) ID() string { return strings.ReplaceAll(c.Path, " ", "-") }

// A Block is a paragraph, or lines that are shown as they are.
type Block struct {
	Text    string
	Literal bool
}

// A Flag is an option of a command.
type Flag struct {
	Name, Short string
	Value       string // what it takes, in capitals; empty for a switch
	Usage       string
	Default     string // empty if it is nothing, or no
}

// Root returns the command tree. Version is the one that the texts name.
func Root(version string) Command {
	return command(cli.Root(cli.World{Version: version, Now: time.Now, Local: local.Commands}))
}

func command(cmd *cobra.Command) Command {
	cmd.DisableFlagsInUseLine = true
	c := Command{
		Path: cmd.CommandPath(), Short: cmd.Short, Text: Blocks(cmd.Long),
		Usage: strings.TrimSpace(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())),
	}
	for _, group := range cmd.Groups() {
		c.Groups = append(c.Groups, strings.TrimSuffix(group.Title, ":"))
	}
	if cmd.HasParent() {
		for _, group := range cmd.Parent().Groups() {
			if group.ID == cmd.GroupID {
				c.Group = strings.TrimSuffix(group.Title, ":")
			}
		}
	}
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			c.Flags = append(c.Flags, flag(f))
		}
	})
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && sub.Name() != "help" {
			c.Commands = append(c.Commands, command(sub))
		}
	}
	return c
}

func flag(f *pflag.Flag) Flag {
	value, usage := pflag.UnquoteUsage(f)
	out := Flag{Name: f.Name, Short: f.Shorthand, Value: value, Usage: usage}
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
	default:
		out.Default = f.DefValue
		if f.Value.Type() == "string" {
			out.Default = fmt.Sprintf("%q", f.DefValue)
		}
	}
	return out
}

// label matches the start of a line that begins a list of words, such as "Fields: …".
var label = regexp.MustCompile(`^[A-Z][a-z]+( codes)?:`)

// columns matches a line whose words stand below those of others.
var columns = regexp.MustCompile(`\S {2,}\S`)

// Blocks splits a help text: indented lines and columns are literal, other lines are filled.
func Blocks(text string) []Block {
	var blocks []Block
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if !strings.HasPrefix(part, " ") && columns.MatchString(part) {
			blocks = append(blocks, Block{part, true})
			continue
		}
		blocks = append(blocks, ofLines(part)...)
	}
	return blocks
}

// ofLines splits a part without empty lines.
func ofLines(text string) []Block {
	var blocks []Block
	open := false // the last block goes on
	for line := range strings.SplitSeq(text, "\n") {
		indented, literal := strings.CutPrefix(line, "  ")
		last := len(blocks) - 1
		switch {
		case literal && open && blocks[last].Literal:
			blocks[last].Text += "\n" + indented
		case literal:
			blocks, open = append(blocks, Block{indented, true}), true
		case open && !blocks[last].Literal && !label.MatchString(line):
			blocks[last].Text += " " + line
		default:
			blocks, open = append(blocks, Block{Text: line}), true
		}
	}
	return blocks
}
